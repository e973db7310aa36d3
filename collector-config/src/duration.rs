//! Durations as Prometheus writes them: `1h30m`, `500ms`.

use anyhow::{Result, anyhow};
use promql_parser::util::{display_duration, parse_duration};
use std::time::Duration;

/// Reads one. None at all is one too, as in `for: 0s`.
pub fn parse(text: &str) -> Result<Duration> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if number == "0" && text != "0" {
        return Ok(Duration::ZERO);
    }
    parse_duration(text).map_err(|why| anyhow!("`{text}` is no duration: {why}"))
}

/// Writes one.
pub fn text(duration: Duration) -> String {
    if duration.is_zero() {
        return "0s".to_owned();
    }
    display_duration(&duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_prometheus() {
        for (written, again) in [
            ("0m", "0s"),
            ("90s", "1m30s"),
            ("1h", "1h"),
            ("500ms", "500ms"),
        ] {
            assert_eq!(text(parse(written).unwrap()), again);
        }
        for wrong in ["", "0", "5", "soon", "-1m"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
