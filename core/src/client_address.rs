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
    let mut hasher = hasher(key);
    match address.to_canonical() {
        IpAddr::V4(address) => hasher.write(&address.octets()),
        IpAddr::V6(address) => hasher.write(&address.octets()),
    }
    hasher.finish()
}

/// [SipHash-2-4](https://www.aumasson.jp/siphash/siphash.pdf) with a key.
#[expect(
    deprecated,
    reason = "it names its algorithm, what replaces it does not"
)]
fn hasher(key: [u8; 16]) -> impl Hasher {
    let key = u128::from_le_bytes(key);
    core::hash::SipHasher::new_with_keys(key as u64, (key >> 64) as u64)
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
        let mut hasher = hasher(key);
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
