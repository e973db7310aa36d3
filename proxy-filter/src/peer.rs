//! Who a request comes from, and whether the operator trusts it with trace
//! context. Only the address decides, never a header of the caller's choice.

use core::net::{IpAddr, SocketAddr};

/// Addresses that share their first bits, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_len: u8,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// There is no IPv4 or IPv6 address.
    Address,
    /// What follows the slash is no number of bits that such an address has.
    PrefixLen,
    /// The address has bits set that the prefix leaves open: one of the two is
    /// probably a slip.
    HostBits,
    /// An IPv4 address in IPv6 form, which no caller ever has here.
    Mapped,
}

/// Where the address of a caller is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFrom {
    /// From the connection itself.
    Connection,
    /// From the `X-Forwarded-For` entry that the proxy was told to believe.
    ForwardedFor,
}

/// The callers that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedPeers {
    /// Where they are.
    pub networks: Vec<Network>,
    /// How they are known.
    pub address_from: AddressFrom,
}

impl AddressFrom {
    /// The address in the proxy's `source.address`, an IP address with its
    /// port, if it is taken from there. Envoy puts an address there that it
    /// took from `X-Forwarded-For`, even one that the caller wrote itself, but
    /// then with port 0, which no connection has. A Unix socket is no address.
    pub fn read(self, source_address: &[u8]) -> Option<IpAddr> {
        let address = core::str::from_utf8(source_address).ok()?;
        let address = address.parse::<SocketAddr>().ok()?;
        let known = match self {
            Self::Connection => address.port() != 0,
            Self::ForwardedFor => address.port() == 0,
        };
        known.then(|| address.ip().to_canonical())
    }
}

impl TrustedPeers {
    /// Whether a caller is trusted, by the proxy's `source.address`.
    pub fn include(&self, source_address: &[u8]) -> bool {
        let address = self.address_from.read(source_address);
        address.is_some_and(|ip| self.networks.iter().any(|network| network.contains(ip)))
    }
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, or a single address.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix_len) = match text.split_once('/') {
            Some((address, prefix_len)) => (address, Some(prefix_len)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        if address.to_canonical() != address {
            return Err(NetworkError::Mapped);
        }
        let all = if address.is_ipv4() { 32 } else { 128 };
        let prefix_len = match prefix_len {
            None => all,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|len| *len <= all)
                .ok_or(NetworkError::PrefixLen)?,
            Some(_) => return Err(NetworkError::PrefixLen),
        };
        let open = bits(address).checked_shl(prefix_len.into());
        if open.unwrap_or_default() != 0 {
            return Err(NetworkError::HostBits);
        }
        Ok(Self {
            address,
            prefix_len,
        })
    }

    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let differing = bits(self.address) ^ bits(address);
        self.address.is_ipv4() == address.is_ipv4()
            && differing.leading_zeros() >= self.prefix_len.into()
    }
}

impl NetworkError {
    /// What is wrong, in words for the operator.
    pub fn message(self) -> &'static str {
        match self {
            Self::Address => {
                "must be an address or a network such as \"10.0.0.0/8\" or \"fd00::/8\""
            }
            Self::PrefixLen => "must have 0 to 32 (IPv6: 128) bits behind the slash",
            Self::HostBits => "has bits set behind its prefix: is the address or the prefix wrong?",
            Self::Mapped => "is an IPv4 address in IPv6 form: write it as IPv4",
        }
    }
}

/// The bits of an address, the first one first.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trusted(networks: &[&str], address_from: AddressFrom) -> TrustedPeers {
        let networks = networks.iter().map(|text| Network::parse(text).unwrap());
        TrustedPeers {
            networks: networks.collect(),
            address_from,
        }
    }

    #[test]
    fn the_address_of_the_connection_decides() {
        let peers = trusted(
            &["10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1"],
            AddressFrom::Connection,
        );
        for (address, expected, why) in [
            ("10.0.0.0:1", true, "first of the network"),
            ("10.255.255.255:65535", true, "last of the network"),
            ("11.0.0.0:1", false, "behind the network"),
            ("192.0.2.7:80", true, "a single address"),
            ("192.0.2.6:80", false, "the address before it"),
            ("[fd12::1]:443", true, "IPv6"),
            ("[fe00::1]:443", false, "another IPv6 network"),
            ("[::1]:443", true, "a single IPv6 address"),
            (
                "[::ffff:10.1.2.3]:443",
                true,
                "IPv4 on a dual-stack listener",
            ),
            ("[a00::1]:443", false, "the same bits in the other family"),
            ("10.1.2.3:0", false, "taken from a header by the proxy"),
            ("10.1.2.3", false, "no port: nobody knows where it is from"),
            ("/run/app.sock", false, "a Unix socket"),
            ("", false, "unknown"),
        ] {
            assert_eq!(peers.include(address.as_bytes()), expected, "{why}");
        }
        assert!(!peers.include(b"10.1.2.3:1\xff"), "not UTF-8");
    }

    #[test]
    fn behind_proxies_only_the_forwarded_address_counts() {
        let peers = trusted(&["10.0.0.0/8"], AddressFrom::ForwardedFor);
        assert!(peers.include(b"10.1.2.3:0"));
        assert!(!peers.include(b"192.0.2.7:0"), "a client beyond them");
        assert!(!peers.include(b"10.1.2.3:80"), "the proxy before us itself");
    }

    #[test]
    fn everyone_and_nobody_can_be_trusted() {
        let all = trusted(&["0.0.0.0/0", "::/0"], AddressFrom::Connection);
        assert!(all.include(b"203.0.113.9:1") && all.include(b"[2001:db8::1]:1"));
        let nobody = trusted(&[], AddressFrom::Connection);
        assert!(!nobody.include(b"127.0.0.1:1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        use NetworkError as E;
        for (text, error, why) in [
            ("", E::Address, "empty"),
            ("localhost", E::Address, "a name"),
            ("10.0.0.0.0/8", E::Address, "five numbers"),
            ("10.0.0/8", E::Address, "three numbers"),
            (" 10.0.0.0/8", E::Address, "a blank"),
            ("10.0.0.1:80", E::Address, "a port"),
            ("10.0.0.0/", E::PrefixLen, "no prefix"),
            ("10.0.0.0/33", E::PrefixLen, "longer than the address"),
            ("10.0.0.0/+8", E::PrefixLen, "a sign"),
            ("10.0.0.0/255.0.0.0", E::PrefixLen, "a mask"),
            ("fd00::/129", E::PrefixLen, "longer than the address"),
            ("10.1.0.0/8", E::HostBits, "more address than prefix"),
            ("fd00::1/8", E::HostBits, "more address than prefix"),
            ("1.0.0.0/0", E::HostBits, "everyone, but not quite"),
            ("::ffff:10.0.0.0/104", E::Mapped, "IPv4 in IPv6 form"),
        ] {
            assert_eq!(Network::parse(text), Err(error), "{text}: {why}");
        }
    }

    proptest! {
        #[test]
        fn a_network_has_exactly_the_addresses_with_its_first_bits(network: u32, len in 0u8..=32, other: u32) {
            let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or_default();
            let base = core::net::Ipv4Addr::from_bits(network & mask);
            let parsed = Network::parse(&format!("{base}/{len}")).unwrap();
            let other_ip = IpAddr::from(core::net::Ipv4Addr::from_bits(other));
            prop_assert_eq!(parsed.contains(other_ip), other & mask == network & mask);
        }

        #[test]
        fn any_text_is_survived(text in "\\PC{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Network::parse(&text);
            prop_assert!(!trusted(&[], AddressFrom::Connection).include(&bytes));
        }
    }
}
