//! A caller's address made less personal: its network only, or a keyed hash.
//! Where the address comes from is the caller's concern.

use core::hash::Hasher;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of an address: the first 24 bits of IPv4, the first 48 of IPv6,
/// the rest zero. An IPv4 address in IPv6 form is IPv4.
pub fn truncate(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & !0xff).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 80)).into(),
    }
}

/// A keyed hash of an address (SipHash-2-4). Without the key it can't be
/// undone; with it anyone can try all addresses, so it is a pseudonym and not
/// anonymous.
pub fn hash(address: IpAddr, key: [u8; 16]) -> u64 {
    let mut hasher = SipHasher::new(key);
    match address.to_canonical() {
        IpAddr::V4(address) => hasher.write(&address.octets()),
        IpAddr::V6(address) => hasher.write(&address.octets()),
    }
    hasher.finish()
}

/// [SipHash-2-4](https://www.aumasson.jp/siphash/siphash.pdf).
struct SipHasher {
    state: [u64; 4],
    /// Bytes that do not fill a word yet.
    tail: u64,
    len: u64,
}

impl SipHasher {
    fn new(key: [u8; 16]) -> Self {
        let key = u128::from_le_bytes(key);
        let (low, high) = (key as u64, (key >> 64) as u64);
        Self {
            state: [
                low ^ 0x736f_6d65_7073_6575,
                high ^ 0x646f_7261_6e64_6f6d,
                low ^ 0x6c79_6765_6e65_7261,
                high ^ 0x7465_6462_7974_6573,
            ],
            tail: 0,
            len: 0,
        }
    }

    fn rounds(&mut self, rounds: u32) {
        let [mut a, mut b, mut c, mut d] = self.state;
        for _ in 0..rounds {
            a = a.wrapping_add(b);
            c = c.wrapping_add(d);
            b = b.rotate_left(13) ^ a;
            d = d.rotate_left(16) ^ c;
            a = a.rotate_left(32);
            c = c.wrapping_add(b);
            a = a.wrapping_add(d);
            b = b.rotate_left(17) ^ c;
            d = d.rotate_left(21) ^ a;
            c = c.rotate_left(32);
        }
        self.state = [a, b, c, d];
    }

    fn word(&mut self, word: u64) {
        let [.., d] = &mut self.state;
        *d ^= word;
        self.rounds(2);
        let [a, ..] = &mut self.state;
        *a ^= word;
    }
}

impl Hasher for SipHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.tail |= u64::from(*byte) << ((self.len & 7) << 3);
            self.len = self.len.wrapping_add(1);
            if self.len & 7 == 0 {
                self.word(self.tail);
                self.tail = 0;
            }
        }
    }

    fn finish(&self) -> u64 {
        let mut last = Self { ..*self };
        last.word(self.tail | self.len << 56);
        let [_, _, c, _] = &mut last.state;
        *c ^= 0xff;
        last.rounds(4);
        last.state.iter().fold(0, |hash, word| hash ^ word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_network_is_what_is_left() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0"),
            ("255.255.255.255", "255.255.255.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            ("::1", "::"),
            ("::ffff:203.0.113.77", "203.0.113.0"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(truncate(address).to_string(), network);
        }
    }

    #[test]
    fn the_hash_is_the_one_of_the_paper() {
        let key: [u8; 16] = core::array::from_fn(|at| at as u8);
        let mut hasher = SipHasher::new(key);
        assert_eq!(hasher.finish(), 0x726f_db47_dd0e_0e31, "of nothing");
        hasher.write(&core::array::from_fn::<u8, 15, _>(|at| at as u8));
        assert_eq!(hasher.finish(), 0xa129_ca61_49be_45e5, "of 15 bytes");
    }

    #[test]
    fn a_pseudonym_holds_under_one_key_only() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let one = hash(address("203.0.113.77"), [1; 16]);
        assert_eq!(one, hash(address("203.0.113.77"), [1; 16]));
        assert_eq!(one, hash(address("::ffff:203.0.113.77"), [1; 16]));
        assert_ne!(one, hash(address("203.0.113.78"), [1; 16]));
        assert_ne!(one, hash(address("203.0.113.77"), [2; 16]));
    }
}
