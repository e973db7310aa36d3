//! URLs as the text that they come in: where the scheme ends, where the path
//! begins. Nothing is validated, resolved or decoded.

use crate::search::{cut, split_once};

/// The scheme, and what follows `://`; `None` without one.
pub fn split_scheme(url: &str) -> Option<(&str, &str)> {
    split_once(url, "://")
}

/// Authority and the rest of a URL without its scheme: the rest starts with
/// `/`, `?` or `#`, or is empty.
pub fn split_authority(location: &str) -> (&str, &str) {
    cut(location, b"/?#")
}

/// What stands before and after the first `@`, or `%40` where there is none.
#[inline(never)]
pub fn split_email(text: &str) -> Option<(&str, &str)> {
    split_once(text, "@").or_else(|| split_once(text, "%40"))
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
