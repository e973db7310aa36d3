//! Durations as Prometheus writes them: `1h30m`, `500ms`.

use anyhow::{Result, anyhow};
use promql_parser::util::{display_duration, parse_duration};
use std::time::Duration;

/// Reads one.
pub fn parse(text: &str) -> Result<Duration> {
    parse_duration(text).map_err(|why| anyhow!("`{text}` is no duration: {why}"))
}

/// Writes one.
pub fn text(duration: Duration) -> String {
    display_duration(&duration)
}
