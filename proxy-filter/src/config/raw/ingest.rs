//! Who may send telemetry through the edge, and how much of it.

#[cfg(feature = "schema")]
use super::limits;
use serde::Deserialize;

/// Telemetry that pages send.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// Where pages send: `/traces`, `/metrics` and `/logs` stand below it, and
    /// nothing else does.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/.*[^/]$")))]
    pub path: String,
    /// Origins such as `https://app.example.com` whose pages may send, beside
    /// those of the listener itself.
    #[cfg_attr(feature = "schema", schemars(length(max = limits::ORIGINS)))]
    pub origins: Vec<String>,
    /// The most bytes of a body, as it is sent.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::MAX_BODY_BYTES.0, max = limits::MAX_BODY_BYTES.1)))]
    pub max_body_bytes: u64,
    /// What one client may send.
    pub per_client: PerClient,
}

/// What one client may send: an IPv4 address, or 64 bits of an IPv6 one.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct PerClient {
    /// Requests a minute, over all workers. A client is an IPv4 address, or the
    /// first 64 bits of an IPv6 one, as `trace.address_from` finds it.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::REQUESTS_PER_MINUTE.0, max = limits::REQUESTS_PER_MINUTE.1)))]
    pub requests_per_minute: u64,
    /// How many may come at once after a pause.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::BURST.0, max = limits::BURST.1)))]
    pub burst: u64,
}

impl Default for Ingest {
    fn default() -> Self {
        Self {
            path: "/sightline/v1".to_owned(),
            origins: Vec::new(),
            max_body_bytes: 65_536,
            per_client: PerClient::default(),
        }
    }
}

impl Default for PerClient {
    fn default() -> Self {
        Self {
            requests_per_minute: 120,
            burst: 60,
        }
    }
}
