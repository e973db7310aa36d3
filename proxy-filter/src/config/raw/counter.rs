//! The operator's own counters in the document.

use serde::Deserialize;

/// A counter made of requests, such as `orders_placed_total`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Counter {
    /// Its name, which ends in `_total`. Counters of one name add up.
    #[cfg_attr(
        feature = "schema",
        schemars(required, regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*_total$"))
    )]
    pub name: Option<String>,
    /// The method of requests that count; any without it.
    pub method: Option<String>,
    /// The route of requests that count, as `endpoint` has it; any without it.
    pub route: Option<String>,
    /// The statuses of requests that count: `201`, or `2xx` for a class.
    pub status: Vec<String>,
    /// A response header whose value, a decimal number, is added; without it
    /// each request adds one.
    pub sum_header: Option<String>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            name: None,
            method: None,
            route: None,
            status: vec!["2xx".to_owned()],
            sum_header: None,
        }
    }
}
