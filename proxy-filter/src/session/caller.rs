//! Who calls, as far as trust goes: the proxy is asked at most once, and only
//! where the answer makes a difference.

use crate::peer::TrustedPeers;

/// Asks the proxy for its `source.address`; empty if there is none.
pub type SourceAddress<'a> = &'a mut dyn FnMut() -> Vec<u8>;

/// The caller of a request.
pub struct Caller<'a> {
    trusted: &'a TrustedPeers,
    source_address: SourceAddress<'a>,
    is_trusted: Option<bool>,
}

impl<'a> Caller<'a> {
    /// Nothing is known of it yet.
    pub fn new(trusted: &'a TrustedPeers, source_address: SourceAddress<'a>) -> Self {
        Self {
            trusted,
            source_address,
            is_trusted: None,
        }
    }

    /// Whether it is trusted with trace context and ids.
    pub fn is_trusted(&mut self) -> bool {
        if self.trusted.networks.is_empty() {
            return false;
        }
        let ask = || self.trusted.include(&(self.source_address)());
        *self.is_trusted.get_or_insert_with(ask)
    }
}
