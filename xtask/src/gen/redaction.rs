//! The pipeline's redaction of what pages send, from the same lists by which the SDK
//! and the edge redact. Without what takes a computation: of numbers of cards only
//! how those of the large issuers begin.

use anyhow::Result;
use sightline_core::redact::{SECRET_KEYS, TOKEN_PREFIXES};

use crate::site::Site;

/// Patterns beside those of the lists: JSON Web Tokens, credentials of HTTP, e-mail
/// addresses (not `package@1.2.3`), cards (not the fraction of a number). Lists and
/// maps are looked through as JSON, where a letter may be the end of an escape.
const PATTERNS: [&str; 4] = [
    r"eyJ[\w-]{8,}\.[\w-]{8,}[\w.-]*",
    r"(?i)(\b|\\[bfnrt])(bearer|basic) [\w+/=.~-]{8,}",
    r"[\w.%+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}",
    r"(^\.?|[^\w.]|\D\.|\\[bfnrt]|\\u[\da-f]{4})(4\d{3}|5[1-5]\d{2}|3[47]\d{2}|6011)[ -]?\d{4}[ -]?\d{4}[ -]?\d{3,4}\b",
];

/// What values are looked through for.
fn patterns() -> Vec<String> {
    let keys = SECRET_KEYS.replace(' ', "|");
    let prefixes = TOKEN_PREFIXES.replace(' ', "|");
    let mut patterns = vec![
        format!(r"({prefixes})[\w-]{{12,}}"),
        // Also in JSON, in JSON in a text of JSON, and as a list.
        format!(r#"(?i)({keys})\\*"?\s*[=:]\s*[\[{{"\\]*[^\s"\\&,;]{{2,}}"#),
    ];
    patterns.extend(PATTERNS.map(str::to_owned));
    patterns
}

/// Of attributes and bodies.
pub fn make(_: &Site) -> Result<String> {
    let keys = SECRET_KEYS.replace(' ', "|");
    let mut yaml =
        format!("    blocked_key_patterns:\n      - '(?i)({keys})\\z'\n    blocked_values:\n");
    for pattern in patterns() {
        yaml += &format!("      - '{pattern}'\n");
    }
    Ok(yaml)
}

/// Of what the processor of redaction does not look at.
pub fn of_spans(_: &Site) -> Result<String> {
    Ok(statements(&["span.name", "span.status.message"]))
}

/// The same of events.
pub fn of_events(_: &Site) -> Result<String> {
    Ok(statements(&["log.event_name"]))
}

fn statements(paths: &[&str]) -> String {
    let mut yaml = String::new();
    for path in paths {
        for pattern in patterns() {
            let pattern = pattern.replace('\\', r"\\").replace('"', r#"\""#);
            yaml += &format!(r#"          - 'replace_pattern({path}, "{pattern}", "****")'"#);
            yaml.push('\n');
        }
    }
    yaml
}
