//! The `ot` member of a `tracestate`, in which OpenTelemetry says how a trace
//! was sampled: `th`, the threshold of those who decided, and `rv`, randomness
//! that counts in place of the trace id's
//! ([handling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/),
//! [sampling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/)).
//! Other sub-keys belong to others and are passed on untouched.

use crate::id::TraceId;
use alloc::borrow::Cow;
use alloc::string::String;

/// The key of the member.
pub const KEY: &str = "ot";
/// Hexadecimal digits of 56 bits.
const DIGITS: usize = 14;

/// The member, `ot=th:…`, of traces kept by this threshold of 56 bits.
pub fn with_threshold(threshold: u64) -> String {
    let mut text = String::from("ot=th:");
    let mut rest = threshold << 8;
    loop {
        let digit = u32::try_from(rest >> 60).unwrap_or_default();
        text.extend(char::from_digit(digit, 16));
        rest <<= 4;
        if rest == 0 {
            return text;
        }
    }
}

/// What is sent on of a caller's `ot` value, together with its decision;
/// empty if nothing is. Unchanged it is borrowed.
///
/// A threshold stays where the decision is the one that it makes: else
/// something beside probability has decided, and whoever counted spans up by
/// it would count wrong. A malformed or repeated `th` or `rv` goes, too.
pub fn passed_on<'v>(value: &'v str, trace_id: &TraceId, sampled: bool) -> Cow<'v, str> {
    let threshold = only(value, "th").and_then(|digits| {
        let len = digits.len();
        let missing = DIGITS.checked_sub(len).filter(|_| len > 0)?;
        parse(digits)?.checked_shl(u32::try_from(missing.checked_mul(4)?).ok()?)
    });
    let randomness = only(value, "rv")
        .filter(|digits| digits.len() == DIGITS)
        .and_then(parse);
    let decided_by = randomness.unwrap_or_else(|| trace_id.randomness());
    let stays = |item: &str| match item.split(':').next() {
        Some("th") => threshold.is_some_and(|threshold| (decided_by >= threshold) == sampled),
        Some("rv") => randomness.is_some(),
        _ => true,
    };
    if value.split(';').all(stays) {
        return Cow::Borrowed(value);
    }
    let mut kept = String::new();
    for item in value.split(';').filter(|item| stays(item)) {
        if !kept.is_empty() {
            kept.push(';');
        }
        kept.push_str(item);
    }
    // What stands last now may have had blanks before its `;`: a value ends in none.
    kept.truncate(kept.trim_end_matches(' ').len());
    Cow::Owned(kept)
}

/// The value of a sub-key that stands there once.
fn only<'v>(value: &'v str, key: &str) -> Option<&'v str> {
    let mut found = value
        .split(';')
        .filter_map(|item| item.strip_prefix(key)?.strip_prefix(':'));
    found.next().filter(|_| found.next().is_none())
}

fn parse(digits: &str) -> Option<u64> {
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let number = u64::from_str_radix(digits, 16).ok();
    number.filter(|_| digits.bytes().all(lower))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    /// Its 56 bits are `80000000000000`.
    const HALF: &[u8] = b"0af7651916cd43dd8480000000000000";

    fn half(value: &str, sampled: bool) -> String {
        let trace_id = TraceId::from_hex(HALF).unwrap();
        passed_on(value, &trace_id, sampled).into_owned()
    }

    #[test]
    fn thresholds_are_written_without_trailing_zeros() {
        for (threshold, text) in [
            (0, "ot=th:0"),
            (1 << 55, "ot=th:8"),
            (0x00c0_0000_0000_0000, "ot=th:c"),
            (0x00fd_70a4_0000_0000, "ot=th:fd70a4"),
            (0x0000_f000_0000_0000, "ot=th:00f"),
            (1, "ot=th:00000000000001"),
            ((1 << 56) - 1, "ot=th:ffffffffffffff"),
        ] {
            assert_eq!(with_threshold(threshold), text);
        }
    }

    /// Found by `cargo xtask fuzz tracestate`.
    #[test]
    fn a_value_that_loses_its_end_does_not_end_in_a_blank() {
        assert_eq!(half("x:1 ;rv:bad", true), "x:1");
        assert_eq!(half("x:1 ;y: ;th:zz", true), "x:1 ;y:");
    }

    #[test]
    fn a_threshold_stays_where_it_made_the_decision() {
        for (value, sampled, sent, why) in [
            ("th:8", true, "th:8", "the randomness is just enough"),
            ("th:80000000000001", true, "", "sampled against it"),
            ("th:c", false, "th:c", "not sampled, as it says"),
            ("th:0", false, "", "all were kept, but this was not"),
            (
                "th:c;rv:c0000000000000",
                true,
                "th:c;rv:c0000000000000",
                "explicit randomness counts",
            ),
            (
                "rv:7fffffffffffff;th:8",
                true,
                "rv:7fffffffffffff",
                "the trace id does not",
            ),
            (
                "rv:00000000000001",
                true,
                "rv:00000000000001",
                "randomness alone",
            ),
        ] {
            assert_eq!(half(value, sampled), sent, "{value}: {why}");
        }
    }

    #[test]
    fn what_is_malformed_goes_and_what_is_unknown_stays() {
        for (value, sent, why) in [
            ("th:", "", "no digits"),
            ("th:000000000000000", "", "more than 56 bits"),
            ("th:0A", "", "upper case"),
            ("th:+0", "", "a sign"),
            ("th", "", "no value at all"),
            ("th:0;th:0", "", "said twice"),
            ("rv:0123456789abc;th:0", "th:0", "randomness of 52 bits"),
            ("rv:0123456789ABCD", "", "upper case"),
            ("a:1;th:x;b:2", "a:1;b:2", "what others say stays"),
            ("thx:1;p:8;r:62", "thx:1;p:8;r:62", "other sub-keys"),
            ("", "", "nothing"),
        ] {
            assert_eq!(half(value, true), sent, "{value}: {why}");
        }
    }

    proptest! {
        #[test]
        fn a_threshold_that_is_written_reads_back(threshold in 0u64..1 << 56, id: [u8; 16]) {
            let text = with_threshold(threshold);
            let value = text.strip_prefix("ot=").unwrap();
            let trace_id = TraceId::from_entropy(id);
            let sampled = trace_id.randomness() >= threshold;
            prop_assert_eq!(passed_on(value, &trace_id, sampled), Cow::Borrowed(value));
            let other = passed_on(value, &trace_id, !sampled);
            prop_assert_eq!(other, "");
        }

        #[test]
        fn what_is_sent_on_is_sent_on_again_unchanged(value in "((th|rv|x)?:?[0-9a-fA-F]{0,15};?){0,4}", id: [u8; 16], sampled: bool) {
            let trace_id = TraceId::from_entropy(id);
            let once = passed_on(&value, &trace_id, sampled).into_owned();
            prop_assert!(once.len() <= value.len());
            prop_assert_eq!(passed_on(&once, &trace_id, sampled), format!("{once}"));
        }
    }
}
