//! The `baggage` header of [W3C Baggage](https://www.w3.org/TR/baggage/):
//! combined from several header lines and checked. What it says is nobody's
//! business here.

use crate::trace_context::trim_blanks;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The most list members that are passed on: as many as everybody must pass.
pub const MAX_MEMBERS: usize = 64;
/// The most bytes that are passed on.
pub const MAX_BYTES: usize = 8192;

/// The value to send on for the values of all `baggage` header lines; a single
/// line is sent on as it is. `None` means that there is nothing to send: no
/// member, one that breaks the grammar, or more than the limits allow. Then all
/// of it goes, so that nobody sees a part and takes it for the whole.
pub fn combine<'a>(lines: &[&'a [u8]]) -> Option<Cow<'a, str>> {
    let mut members: Vec<&str> = Vec::new();
    for line in lines {
        for member in line.split(|byte| *byte == b',') {
            let member = trim_blanks(member);
            if member.is_empty() {
                continue;
            }
            if members.len() == MAX_MEMBERS || !is_member(member) {
                return None;
            }
            members.push(core::str::from_utf8(member).ok()?);
        }
    }
    if members.is_empty() {
        return None;
    }
    let value = match lines {
        [line] => Cow::Borrowed(core::str::from_utf8(line).ok()?),
        _ => Cow::Owned(members.join(",")),
    };
    (value.len() <= MAX_BYTES).then_some(value)
}

/// `key=value`, then properties, `;key` or `;key=value`.
fn is_member(member: &[u8]) -> bool {
    let mut parts = member.split(|byte| *byte == b';').map(trim_blanks);
    let is_pair = |part: &[u8]| {
        let mut sides = part.splitn(2, |byte| *byte == b'=').map(trim_blanks);
        match (sides.next(), sides.next()) {
            (Some(key), Some(value)) => is_token(key) && value.iter().all(is_octet),
            _ => false,
        }
    };
    parts.next().is_some_and(is_pair) && parts.all(|part| is_token(part) || is_pair(part))
}

/// A token of HTTP.
fn is_token(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(fits)
}

/// Visible, and none of `"` `,` `;` `\`.
fn is_octet(byte: &u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    fn one(line: &str) -> Option<String> {
        combine(&[line.as_bytes()]).map(Cow::into_owned)
    }

    #[test]
    fn passes_on_what_the_grammar_allows() {
        for (line, why) in [
            ("userId=alice", "a pair"),
            ("a=1,b=2 , c=3", "blanks between members"),
            ("a = 1 ; p ; q = 2", "blanks within, and properties"),
            ("a=", "an empty value"),
            ("a=b=c", "an equals sign in a value"),
            ("a=%41%20%C3%A9", "percent-encoded"),
            ("!#$%&'*+-.^_`|~=1", "every sign that a key may have"),
            (",a=1,,", "empty members, which HTTP lists may have"),
        ] {
            assert_eq!(one(line).as_deref(), Some(line), "{why}: as it was");
        }
    }

    #[test]
    fn drops_all_of_it_for_one_member_against_the_grammar() {
        for (line, why) in [
            ("", "nothing"),
            (" , ", "only empty members"),
            ("a", "no value"),
            ("=1", "no key"),
            ("a=1,b", "the second has no value"),
            ("a b=1", "a blank in a key"),
            ("a=1 2", "a blank in a value"),
            ("a=\"1\"", "quotes in a value"),
            ("a=1\\2", "a backslash in a value"),
            ("a=1;", "an empty property"),
            ("a=1;=2", "a property without a key"),
            ("a@b=1", "a sign that a token can't have"),
            ("a=\u{e9}", "not ASCII"),
            ("a=\u{7f}", "a control character"),
        ] {
            assert_eq!(one(line), None, "{line}: {why}");
        }
        assert_eq!(combine(&[&b"a=\xff"[..]]), None, "not UTF-8");
        assert_eq!(combine(&[]), None, "no line");
    }

    #[test]
    fn joins_lines_and_keeps_the_limits() {
        let joined = combine(&[b"a=1, b=2", b"", b"c=3"]);
        assert_eq!(joined.as_deref(), Some("a=1,b=2,c=3"));
        let list = |count: usize| {
            let members: Vec<_> = (0..count).map(|at| format!("k{at}=1")).collect();
            members.join(",")
        };
        assert!(one(&list(64)).is_some());
        assert_eq!(one(&list(65)), None, "65 members");
        let long = |bytes: usize| format!("a={}", "x".repeat(bytes));
        assert!(one(&long(8190)).is_some());
        assert_eq!(one(&long(8191)), None, "8193 bytes");
        let halves = [long(4094), long(4094)];
        let [first, second] = halves.each_ref().map(|half| half.as_bytes());
        assert_eq!(combine(&[first, second]), None, "8193 bytes when joined");
    }

    proptest! {
        #[test]
        fn what_is_sent_on_is_sent_on_again_unchanged(lines in proptest::collection::vec("[a-z=;, %\\\\]{0,40}", 0..4)) {
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            if let Some(sent) = combine(&lines) {
                prop_assert!(sent.len() <= MAX_BYTES);
                prop_assert_eq!(combine(&[sent.as_bytes()]), Some(sent.clone()));
            }
        }

        #[test]
        fn members_that_are_written_read_back(members in proptest::collection::vec(("[!#-'*+.^-~a-zA-Z0-9-]{1,8}", "[!#-+--:<-\\[\\]-~]{0,8}"), 1..9)) {
            let lines: Vec<_> = members.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let fits = members.iter().all(|(key, _)| is_token(key.as_bytes()));
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            let sent = combine(&lines);
            prop_assert_eq!(sent.is_some(), fits);
            if let Some(sent) = sent {
                let read: Vec<_> = sent.split(',').filter_map(|member| member.split_once('=')).collect();
                let written: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                prop_assert_eq!(read, written);
            }
        }

        #[test]
        fn any_bytes_are_survived(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = combine(&[&line]);
        }
    }
}
