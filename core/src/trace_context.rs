//! The `traceparent` header of
//! [W3C Trace Context Level 2](https://www.w3.org/TR/trace-context-2/#traceparent-header).
//! `tracestate` has a module of its own.

use crate::id::{SpanId, TraceId, decode_digits};

/// Length in bytes of a version 00 `traceparent`.
pub const TRACEPARENT_LEN: usize = 55;

/// The trace flags: bit 0 sampled, bit 1 random trace id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// The caller recorded, or may have recorded, this trace.
    pub const SAMPLED: Self = Self(1);
    /// The right-most seven bytes of the trace id are random.
    pub const RANDOM: Self = Self(2);

    /// Keeps the bits that Level 2 defines; the others must be sent as zero.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 3)
    }

    /// The flags as a number.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the sampled bit is set.
    pub const fn sampled(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether the random bit is set.
    pub const fn random(self) -> bool {
        self.0 & 2 != 0
    }

    /// The same flags with the sampled bit as given.
    pub const fn with_sampled(self, sampled: bool) -> Self {
        Self((self.0 & 2) | sampled as u8)
    }
}

impl core::ops::BitOr for TraceFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What `traceparent` says: a trace, the span that called, and the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The caller's span: the parent of whatever the receiver starts.
    pub span_id: SpanId,
    /// The flags.
    pub flags: TraceFlags,
}

impl SpanContext {
    /// Reads a `traceparent` value; none where it is malformed, and the receiver
    /// starts a new trace. Versions above 00 are read as 00 as far as it goes,
    /// as the specification asks; blanks around the value are ignored.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (known, rest) = trim_blanks(value).split_at_checked(TRACEPARENT_LEN)?;
        let mut bytes = [0; 26];
        let mut digits = known.iter();
        for (at, byte) in bytes.iter_mut().enumerate() {
            // In front of the trace id, the span id and the flags.
            if matches!(at, 1 | 17 | 25) && digits.next() != Some(&b'-') {
                return None;
            }
            *byte = decode_digits(&mut digits)?;
        }
        let [version, ids @ .., flags] = &bytes;
        match (version, rest) {
            (0xff, _) => return None,
            (_, []) | (1.., [b'-', ..]) => {}
            _ => return None,
        }
        let (trace_id, span_id) = ids.split_first_chunk()?;
        Some(Self {
            trace_id: TraceId::from_bytes(*trace_id)?,
            span_id: SpanId::from_bytes(*span_id.first_chunk()?)?,
            flags: TraceFlags::from_bits(*flags),
        })
    }

    /// Writes the version 00 `traceparent` value.
    pub fn to_traceparent(self) -> Traceparent {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        let mut put = |from: usize, digits: &[u8]| {
            let place = text.iter_mut().skip(from);
            place.zip(digits).for_each(|(to, digit)| *to = *digit);
        };
        put(3, self.trace_id.to_hex().as_bytes());
        put(36, self.span_id.to_hex().as_bytes());
        put(54, &[self.flags.bits().wrapping_add(b'0')]);
        Traceparent(text)
    }
}

/// The text of a version 00 `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceparent([u8; TRACEPARENT_LEN]);

impl Traceparent {
    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Without the spaces and tabs that HTTP allows around a field value.
pub(crate) fn trim_blanks(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALID: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn reads_a_valid_header() {
        let context = SpanContext::parse(VALID).unwrap();
        assert_eq!(
            context.trace_id.to_hex().as_str(),
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert_eq!(context.span_id.to_hex().as_str(), "b7ad6b7169203331");
        assert!(context.flags.sampled() && !context.flags.random());
        assert_eq!(context.to_traceparent().as_bytes(), VALID);
    }

    #[test]
    fn accepts_what_the_specification_asks_to_accept() {
        for (value, why) in [
            (
                &b" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\t"[..],
                "blanks around it",
            ),
            (
                b"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "a future version of known length",
            ),
            (
                b"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes",
                "a future version with more",
            ),
            (
                b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff",
                "unknown flags are dropped",
            ),
        ] {
            let context = SpanContext::parse(value).expect(why);
            assert!(context.flags.bits() <= 3, "{why}");
        }
    }

    #[test]
    fn refuses_what_is_malformed() {
        for (value, why) in [
            (&b""[..], "empty"),
            (
                b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                "short",
            ),
            (
                b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                "version 00 has no more",
            ),
            (
                b"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.x",
                "more without a dash",
            ),
            (
                b"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "ff is forbidden",
            ),
            (
                b"0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "not hexadecimal",
            ),
            (
                b"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "underscore for dash",
            ),
            (
                b"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                "upper case",
            ),
            (
                b"00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "all-zero trace id",
            ),
            (
                b"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "all-zero span id",
            ),
            (
                b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033\xff1-01",
                "not UTF-8",
            ),
            (
                b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
                "not hexadecimal",
            ),
        ] {
            assert_eq!(SpanContext::parse(value), None, "{why}");
        }
    }

    proptest! {
        #[test]
        fn written_contexts_read_back(trace in any::<[u8; 16]>(), span in any::<[u8; 8]>(), bits in 0u8..4) {
            let context = SpanContext {
                trace_id: TraceId::from_entropy(trace),
                span_id: SpanId::from_entropy(span),
                flags: TraceFlags::from_bits(bits),
            };
            prop_assert_eq!(SpanContext::parse(context.to_traceparent().as_bytes()), Some(context));
        }

        #[test]
        fn any_bytes_are_survived(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = SpanContext::parse(&value);
        }
    }
}
