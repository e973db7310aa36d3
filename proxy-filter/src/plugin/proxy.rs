//! What the filter may ask the proxy for while it takes up a request.

use crate::session::{Entropy, RouteName, SourceAddress};
use crate::shared_data::SharedData;

/// What the proxy has for a request that begins.
pub struct Proxy<'a> {
    /// Nanoseconds since the Unix epoch.
    pub now_unix_nanos: u64,
    /// Whether more than headers can come.
    pub has_body: bool,
    /// What all workers see.
    pub shared: &'a mut dyn SharedData,
    /// Who calls.
    pub source_address: SourceAddress<'a>,
    /// Which of the proxy's routes it takes.
    pub route_name: RouteName<'a>,
    /// Random bytes.
    pub entropy: Entropy<'a>,
}
