//! URLs as the text that they come in: where the scheme ends, where the path
//! begins. Nothing is validated, resolved or decoded.

use crate::search::split_once;

/// The scheme, and what follows `://`; `None` without one.
pub fn split_scheme(url: &str) -> Option<(&str, &str)> {
    split_once(url, "://")
}

/// Authority and the rest of a URL without its scheme: the rest starts with
/// `/`, `?` or `#`, or is empty.
pub fn split_authority(location: &str) -> (&str, &str) {
    let end = location
        .bytes()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let end = end.unwrap_or(location.len());
    location.split_at_checked(end).unwrap_or((location, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_urls_apart() {
        for (url, parts) in [
            (
                "https://shop.example/a?b",
                Some(("https", "shop.example/a?b")),
            ),
            ("https://", Some(("https", ""))),
            ("/a?next=b", None),
            ("a:/b", None),
            ("", None),
        ] {
            assert_eq!(split_scheme(url), parts);
        }
        for (location, parts) in [
            ("shop.example:80/a?b", ("shop.example:80", "/a?b")),
            ("shop.example?b", ("shop.example", "?b")),
            ("shop.example", ("shop.example", "")),
            ("", ("", "")),
        ] {
            assert_eq!(split_authority(location), parts);
        }
    }
}
