//! Searching in text for short needles. The standard library's searchers for
//! texts and characters (`str::find`, `contains`, `split_once`) are faster on
//! long needles, and cost the browser engine more code than all of redaction.

/// Whether a text has this ASCII character.
pub(crate) fn has(text: &str, character: u8) -> bool {
    text.bytes().any(|byte| byte == character)
}

/// Where a text first stands in another.
pub(crate) fn find(text: &str, needle: &str) -> Option<usize> {
    let mut windows = text.as_bytes().windows(needle.len().max(1));
    windows.position(|window| window == needle.as_bytes())
}

/// The texts before and after the first `separator`.
pub(crate) fn split_once<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let (before, rest) = text.split_at_checked(find(text, separator)?)?;
    Some((before, rest.strip_prefix(separator)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_the_standard_library_finds(text in "[ab\u{e9}:/]{0,20}", needle in "[ab\u{e9}:/]{1,3}") {
            prop_assert_eq!(find(&text, &needle), text.find(&needle));
            prop_assert_eq!(split_once(&text, &needle), text.split_once(&needle));
            prop_assert_eq!(has(&text, b':'), text.contains(':'));
        }
    }
}
