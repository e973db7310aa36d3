//! The `tracestate` header of
//! [W3C Trace Context Level 2](https://www.w3.org/TR/trace-context-2/#tracestate-header):
//! combined from several header lines, checked, cut to its limits. Its members
//! belong to other vendors and are passed on untouched, save for OpenTelemetry's
//! own, which [`crate::ot_member`] is about.

use crate::id::TraceId;
use crate::ot_member;
use crate::trace_context::trim_blanks;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The most list members that a `tracestate` may have.
pub const MAX_MEMBERS: usize = 32;
/// The most characters that are passed on.
pub const MAX_CHARACTERS: usize = 512;
/// Members longer than this go first when the list must be cut.
const LONG_MEMBER: usize = 128;
const MAX_KEY: usize = 256;
const MAX_VALUE: usize = 256;

/// The members of a `tracestate`, in order, checked.
#[derive(Clone, Debug)]
pub struct Members<'a>(Vec<&'a str>);

impl<'a> Members<'a> {
    /// Reads the values of all `tracestate` header lines.
    ///
    /// `None` means that there is nothing to send on: no member at all, or one
    /// that breaks the grammar, or more than [`MAX_MEMBERS`]; the specification
    /// then drops the whole list and keeps the `traceparent`. Of a key given
    /// twice the first member stays: it is the most recent.
    pub fn read(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut members: Vec<&str> = Vec::new();
        for line in lines {
            for member in line.split(|byte| *byte == b',') {
                let member = trim_blanks(member);
                if member.is_empty() {
                    continue;
                }
                let key = checked_key(member)?;
                if members.iter().any(|seen| key_of(seen.as_bytes()) == key) {
                    continue;
                }
                if members.len() == MAX_MEMBERS {
                    return None;
                }
                members.push(core::str::from_utf8(member).ok()?);
            }
        }
        (!members.is_empty()).then_some(Self(members))
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        let mut members = self.0.iter();
        members.find_map(|member| member.strip_prefix(key)?.strip_prefix('='))
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) {
        self.0
            .retain(|member| key_of(member.as_bytes()) != key.as_bytes());
    }

    /// Puts a member, `key=value`, where what was changed last belongs: first.
    /// Its key must not be among the others, and they must be less than
    /// [`MAX_MEMBERS`].
    pub fn put_first(&mut self, member: &'a str) {
        self.0.insert(0, member);
    }

    /// The one line to send on, if a member is left. Above [`MAX_CHARACTERS`],
    /// long members go first, then those at the end.
    pub fn into_line(mut self) -> Option<String> {
        cut(&mut self.0);
        (!self.0.is_empty()).then(|| self.0.join(","))
    }
}

/// The line to send on for a caller whose trace and decision are taken over:
/// all header lines in one, and no threshold in it that does not fit the
/// decision ([`ot_member::passed_on`]).
pub fn passed_on<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    trace_id: &TraceId,
    sampled: bool,
) -> Option<String> {
    let mut members = Members::read(lines)?;
    let changed = members.get(ot_member::KEY).and_then(|value| {
        match ot_member::passed_on(value, trace_id, sampled) {
            Cow::Borrowed(_) => None,
            Cow::Owned(value) => Some(value),
        }
    });
    let Some(value) = changed else {
        return members.into_line();
    };
    members.remove(ot_member::KEY);
    let member = [ot_member::KEY, "=", &value].concat();
    if !value.is_empty() {
        members.put_first(&member);
    }
    members.into_line()
}

fn cut(members: &mut Vec<&str>) {
    let total = |members: &[&str]| {
        let commas = members.len().saturating_sub(1);
        members
            .iter()
            .fold(commas, |sum, member| sum.saturating_add(member.len()))
    };
    while total(members) > MAX_CHARACTERS {
        let long = members
            .iter()
            .rposition(|member| member.len() > LONG_MEMBER);
        match long {
            Some(at) => drop(members.remove(at)),
            None => drop(members.pop()),
        }
    }
}

fn key_of(member: &[u8]) -> &[u8] {
    member
        .split(|byte| *byte == b'=')
        .next()
        .unwrap_or_default()
}

/// The key, if the member is `key "=" value` by the grammar.
fn checked_key(member: &[u8]) -> Option<&[u8]> {
    let key = key_of(member);
    let value = member.strip_prefix(key)?.strip_prefix(b"=")?;
    let starts_well = matches!(key.first()?, b'a'..=b'z' | b'0'..=b'9');
    let key_is_good = key.len() <= MAX_KEY
        && key.iter().all(
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@'),
        );
    let value_is_good = (1..=MAX_VALUE).contains(&value.len())
        && value
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='));
    (starts_well && key_is_good && value_is_good).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    fn combine<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
        Members::read(lines)?.into_line()
    }

    fn one(line: &str) -> Option<String> {
        combine([line.as_bytes()])
    }

    #[test]
    fn joins_lines_in_order() {
        let joined = combine([&b"rojo=00f067aa0ba902b7"[..], b"congo=t61rcWkgMzE , , a=b"]);
        assert_eq!(
            joined.as_deref(),
            Some("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE,a=b")
        );
    }

    #[test]
    fn drops_the_list_for_a_member_against_the_grammar() {
        for (line, why) in [
            ("", "nothing"),
            (" , ", "only empty members"),
            ("foo", "no value"),
            ("foo=", "empty value"),
            ("=1", "empty key"),
            ("FOO=1", "upper-case key"),
            ("_foo=1", "key starts with a sign"),
            ("foo@bar=1,foo.bar=2", "dot in a key"),
            ("foo=1=2", "equals sign in a value"),
            ("foo =1", "blank before the equals sign"),
            ("foo=\u{7f}", "control character"),
            ("foo=\u{e9}", "not ASCII"),
        ] {
            assert_eq!(one(line), None, "{why}");
        }
    }

    #[test]
    fn keeps_the_first_of_a_repeated_key() {
        assert_eq!(one("foo=1,bar=3,foo=2").as_deref(), Some("foo=1,bar=3"));
        let joined = combine([&b"foo=1"[..], b"foo=2"]);
        assert_eq!(joined.as_deref(), Some("foo=1"));
    }

    #[test]
    fn keeps_the_limits_of_the_grammar() {
        let key = "z".repeat(256);
        assert_eq!(one(&format!("{key}=1")), Some(format!("{key}=1")));
        assert_eq!(one(&format!("{key}z=1")), None, "key of 257");
        let value = "v".repeat(256);
        assert!(one(&format!("a={value}")).is_some());
        assert_eq!(one(&format!("a={value}v")), None, "value of 257");
        let list = |count: usize| {
            let members: Vec<_> = (0..count).map(|at| format!("k{at}=1")).collect();
            members.join(",")
        };
        assert_eq!(one(&list(32)), Some(list(32)));
        assert_eq!(one(&list(33)), None, "33 members");
    }

    #[test]
    fn cuts_long_members_first_then_the_end() {
        let long = format!("long={}", "x".repeat(200));
        let short = format!("s={}", "y".repeat(118));
        let line = format!("{short},{long},t{short},u{short},w{short}");
        assert_eq!(
            one(&line),
            Some(format!("{short},t{short},u{short},w{short}"))
        );
        let many: Vec<_> = (0..30)
            .map(|at| format!("k{at:02}={}", "v".repeat(20)))
            .collect();
        let cut = one(&many.join(",")).unwrap();
        assert!(cut.len() <= MAX_CHARACTERS);
        assert!(many.join(",").starts_with(&cut), "the end went");
    }

    #[test]
    fn the_threshold_is_kept_where_it_is_true_and_moves_only_when_changed() {
        let trace_id = TraceId::from_hex(b"0af7651916cd43dd8480000000000000").unwrap();
        for (line, sampled, sent, why) in [
            (
                "a=1,ot=th:8",
                true,
                Some("a=1,ot=th:8"),
                "untouched, in its place",
            ),
            (
                "a=1,ot=th:9;x:y,b=2",
                true,
                Some("ot=x:y,a=1,b=2"),
                "changed: first",
            ),
            ("a=1,ot=th:9", true, Some("a=1"), "nothing left to say"),
            ("ot=th:9", true, None, "nothing left at all"),
            ("a=1", true, Some("a=1"), "who gave no threshold gets none"),
            ("t@ot=th:9", true, Some("t@ot=th:9"), "another tenant's"),
        ] {
            let got = passed_on([line.as_bytes()], &trace_id, sampled);
            assert_eq!(got.as_deref(), sent, "{line}: {why}");
        }
    }

    proptest! {
        #[test]
        fn the_limits_hold_with_a_member_put_first(count in 1usize..32, len in 1usize..250) {
            let lines: Vec<_> = (0..count).map(|at| format!("k{at}={}", "v".repeat(len))).collect();
            let line = lines.join(",");
            let mut members = Members::read([line.as_bytes()]).unwrap();
            members.put_first("ot=th:e6666666666668");
            let sent = members.into_line().unwrap();
            prop_assert!(sent.len() <= MAX_CHARACTERS && sent.split(',').count() <= MAX_MEMBERS);
            prop_assert!(sent.starts_with("ot=th:e6666666666668"));
        }

        #[test]
        fn members_that_are_written_read_back(
            members in proptest::collection::btree_map("[a-z0-9][a-z0-9_*/@-]{0,7}", "[ -+--<>-~]{0,5}[!-+--<>-~]", 1..33),
            lines in 1usize..4,
        ) {
            let written: Vec<_> = members.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let lines: Vec<_> = written.chunks(written.len().div_ceil(lines)).map(|line| line.join(" ,\t")).collect();
            let read = Members::read(lines.iter().map(|line| line.as_bytes())).unwrap();
            for (key, value) in &members {
                prop_assert_eq!(read.get(key), Some(value.as_str()));
            }
            prop_assert_eq!(read.into_line(), Some(written.join(",")));
        }

        #[test]
        fn what_is_sent_on_is_sent_on_again_unchanged(lines in proptest::collection::vec("[a-z0-9=, ]{0,40}", 0..5)) {
            if let Some(joined) = combine(lines.iter().map(|line| line.as_bytes())) {
                prop_assert!(joined.len() <= MAX_CHARACTERS);
                prop_assert_eq!(combine([joined.as_bytes()]), Some(joined));
            }
        }
    }
}
