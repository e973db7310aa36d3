//! The access log's part of the document.

use serde::Deserialize;

/// The access log.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Logs {
    /// Where the access log goes; see Logs below.
    pub access: Access,
    /// The share of successes that are logged, by trace id, so that all records
    /// of a trace stay or go. A status of 400 or more, no response, and what is
    /// slower than `trace.slow_ms` or broke off are always logged.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    #[serde(deserialize_with = "super::float::read")]
    pub success_ratio: f64,
    /// How much of a caller's address is logged.
    pub peer: PeerForm,
    /// Request headers to log. Names of credentials are refused.
    #[cfg_attr(feature = "schema", schemars(length(max = super::limits::LOG_HEADERS)))]
    pub headers: Vec<String>,
}

/// Where the access log goes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// nowhere
    #[default]
    Off,
    /// to Envoy's own, as a line of JSON
    Envoy,
    /// to `export`, as a log record
    Otlp,
    /// to both
    Both,
}

/// How much of a caller's address is logged.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum PeerForm {
    /// its network: 24 bits of IPv4, 48 of IPv6
    #[default]
    Truncate,
    /// a pseudonym until Envoy restarts
    Hash,
    /// all of it
    Full,
    /// nothing
    Off,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            access: Access::default(),
            success_ratio: 1.0,
            peer: PeerForm::default(),
            headers: Vec::new(),
        }
    }
}
