//! Where a request came from, as far as the operator lets the log tell it.

use crate::config::PeerForm;
use crate::shared_data::SharedData;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use sightline_core::client_address;

/// The key in shared data of the key that addresses are hashed with.
const KEY: &str = "sightline/peer-key";

/// A caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Its address or its network.
    Address(IpAddr),
    /// A pseudonym of its address.
    Hash(u64),
}

impl Peer {
    /// The caller by the proxy's `source.address`, in the form that may be told.
    pub fn new(source_address: &[u8], form: PeerForm, key: [u8; 16]) -> Option<Self> {
        let address = core::str::from_utf8(source_address).ok()?;
        let address = address.parse::<SocketAddr>().ok()?.ip().to_canonical();
        match form {
            PeerForm::Truncate => Some(Self::Address(client_address::truncate(address))),
            PeerForm::Hash => Some(Self::Hash(client_address::hash(address, key))),
            PeerForm::Full => Some(Self::Address(address)),
            PeerForm::Off => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(out),
            Self::Hash(hash) => write!(out, "{hash:016x}"),
        }
    }
}

/// The key for pseudonyms: the same for all workers, as long as the process
/// lives, and told to nobody. It is made before any worker runs, as the
/// records are. Where there is no shared data, each worker has its own.
pub fn peer_key(shared: &mut impl SharedData, random: [u8; 16]) -> [u8; 16] {
    let mut known = || <[u8; 16]>::try_from(shared.get(KEY)?.0).ok();
    if let Some(key) = known() {
        return key;
    }
    let _ = shared.set(KEY, &random, 0);
    random
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_data::tests::EnvoySharedData;

    #[test]
    fn a_caller_is_told_as_the_operator_wants() {
        let peer = |address: &str, form| {
            let peer = Peer::new(address.as_bytes(), form, [1; 16]);
            peer.map(|peer| peer.to_string())
        };
        for (address, form, expected) in [
            ("203.0.113.77:5", PeerForm::Truncate, Some("203.0.113.0")),
            (
                "[2001:db8:1:2::3]:5",
                PeerForm::Truncate,
                Some("2001:db8:1::"),
            ),
            (
                "[::ffff:203.0.113.77]:5",
                PeerForm::Full,
                Some("203.0.113.77"),
            ),
            // Taken from X-Forwarded-For by the proxy.
            ("203.0.113.77:0", PeerForm::Truncate, Some("203.0.113.0")),
            ("203.0.113.77:5", PeerForm::Off, None),
            ("/run/app.sock", PeerForm::Full, None),
            ("", PeerForm::Full, None),
        ] {
            assert_eq!(
                peer(address, form).as_deref(),
                expected,
                "{address} {form:?}"
            );
        }
        let hash = peer("203.0.113.77:5", PeerForm::Hash).unwrap();
        assert_eq!(hash.len(), 16);
        assert_eq!(Some(&hash), peer("203.0.113.77:6", PeerForm::Hash).as_ref());
        assert_ne!(Some(hash), peer("203.0.113.78:5", PeerForm::Hash));
        assert_eq!(Peer::new(b"\xff", PeerForm::Full, [1; 16]), None);
    }

    #[test]
    fn all_workers_have_the_key_of_the_first() {
        let mut shared = EnvoySharedData::default();
        assert_eq!(peer_key(&mut shared, [1; 16]), [1; 16]);
        assert_eq!(peer_key(&mut shared, [2; 16]), [1; 16]);
        shared.set(KEY, b"not ours", 0).unwrap();
        assert_eq!(peer_key(&mut shared, [3; 16]), [3; 16]);
    }
}
