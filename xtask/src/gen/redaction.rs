//! The pipeline's redaction of what pages send, from the same lists by which the SDK
//! and the edge redact. Without what takes a computation: of numbers of cards only
//! how those of the large issuers begin.

use anyhow::Result;
use sightline_core::redact::{SECRET_KEYS, TOKEN_PREFIXES};

use crate::site::Site;

/// Patterns beside those of the lists: JSON Web Tokens, credentials of HTTP, e-mail
/// addresses (not `package@1.2.3`), cards (not the fraction of a number).
const PATTERNS: [&str; 4] = [
    r"eyJ[\w-]{8,}\.[\w-]{8,}[\w.-]*",
    r"(?i)\b(bearer|basic) [\w+/=.~-]{8,}",
    r"[\w.%+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}",
    r"(^|[^.\w]|[^\W\d]\.)(4\d{3}|5[1-5]\d{2}|3[47]\d{2}|6011)[ -]?\d{4}[ -]?\d{4}[ -]?\d{3,4}\b",
];

/// What values are looked through for.
fn patterns() -> Vec<String> {
    let keys = SECRET_KEYS.replace(' ', "|");
    let prefixes = TOKEN_PREFIXES.replace(' ', "|");
    let mut patterns = vec![
        format!(r"({prefixes})[\w-]{{12,}}"),
        format!(r#"(?i)({keys})"?[=:]\s*"?[^\s"&,;]{{2,}}"#),
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
pub fn statements(_: &Site) -> Result<String> {
    let mut yaml = String::new();
    for path in ["span.name", "span.status.message"] {
        for pattern in patterns() {
            let pattern = pattern.replace('\\', r"\\").replace('"', r#"\""#);
            yaml += &format!(r#"          - 'replace_pattern({path}, "{pattern}", "****")'"#);
            yaml.push('\n');
        }
    }
    Ok(yaml)
}
