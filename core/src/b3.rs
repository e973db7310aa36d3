//! B3, the headers of Zipkin
//! ([specification](https://github.com/openzipkin/b3-propagation)), read and
//! written for meshes that still use them. Malformed headers are no context.

use crate::id::{SpanId, TraceId};
use crate::trace_context::{SpanContext, TraceFlags, trim_blanks};
use alloc::string::String;

/// The header that carries everything.
pub const SINGLE: &str = "b3";
/// One of several headers: the trace id.
pub const TRACE_ID: &str = "x-b3-traceid";
/// The caller's span.
pub const SPAN_ID: &str = "x-b3-spanid";
/// The span before that one. It is never sent: no two spans share an id here.
pub const PARENT_SPAN_ID: &str = "x-b3-parentspanid";
/// The decision.
pub const SAMPLED: &str = "x-b3-sampled";
/// The debug flag, a decision that may not be overruled.
pub const FLAGS: &str = "x-b3-flags";

/// What the caller decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Nothing: the receiver decides.
    Deferred,
    /// Not sampled.
    Denied,
    /// Sampled.
    Accepted,
    /// Sampled, and so shall be everything behind.
    Debug,
}

/// What B3 headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct B3 {
    /// The trace and the caller's span; a decision can stand alone.
    pub ids: Option<(TraceId, SpanId)>,
    /// The decision.
    pub sampling: Sampling,
}

/// The values of the several headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Several<'a> {
    /// [`TRACE_ID`].
    pub trace_id: Option<&'a [u8]>,
    /// [`SPAN_ID`].
    pub span_id: Option<&'a [u8]>,
    /// [`SAMPLED`].
    pub sampled: Option<&'a [u8]>,
    /// [`FLAGS`].
    pub flags: Option<&'a [u8]>,
}

impl Sampling {
    /// Whether it is sampled, if that was decided.
    pub fn decision(self) -> Option<bool> {
        match self {
            Self::Deferred => None,
            Self::Denied => Some(false),
            Self::Accepted | Self::Debug => Some(true),
        }
    }

    /// The decision as the single header has it.
    fn parse(state: &[u8]) -> Option<Self> {
        match state {
            b"0" => Some(Self::Denied),
            b"1" => Some(Self::Accepted),
            b"d" => Some(Self::Debug),
            _ => None,
        }
    }
}

impl B3 {
    /// Reads the single header: `trace-span`, `trace-span-state`,
    /// `trace-span-state-parent`, or a state alone.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let value = trim_blanks(value);
        if let Some(sampling) = Sampling::parse(value) {
            let ids = None;
            return Some(Self { ids, sampling });
        }
        let mut parts = value.split(|byte| *byte == b'-');
        let trace_id = trace_id(parts.next()?)?;
        let span_id = SpanId::from_hex(parts.next()?)?;
        let sampling = match parts.next() {
            Some(state) => Sampling::parse(state)?,
            None => Sampling::Deferred,
        };
        if let Some(parent) = parts.next() {
            SpanId::from_hex(parent)?;
        }
        parts.next().is_none().then_some(Self {
            ids: Some((trace_id, span_id)),
            sampling,
        })
    }

    /// Writes the single header.
    pub fn single(context: &SpanContext, is_debug: bool) -> String {
        let state = match (is_debug, context.flags.sampled()) {
            (true, _) => "-d",
            (false, true) => "-1",
            (false, false) => "-0",
        };
        let (trace_id, span_id) = (context.trace_id.to_hex(), context.span_id.to_hex());
        [trace_id.as_str(), "-", span_id.as_str(), state].concat()
    }

    /// The context that a span here has as its parent; random ids are not
    /// promised.
    pub fn context(&self) -> Option<SpanContext> {
        let (trace_id, span_id) = self.ids?;
        let sampled = self.sampling.decision().unwrap_or_default();
        Some(SpanContext {
            trace_id,
            span_id,
            flags: TraceFlags::default().with_sampled(sampled),
        })
    }
}

impl Several<'_> {
    /// Reads the several headers; `None` if there are none, or one of them is
    /// malformed.
    pub fn parse(&self) -> Option<B3> {
        let sampling = match (self.flags.map(trim_blanks), self.sampled.map(trim_blanks)) {
            (Some(b"1"), _) => Sampling::Debug,
            (Some(b"0") | None, Some(b"1" | b"true")) => Sampling::Accepted,
            (Some(b"0") | None, Some(b"0" | b"false")) => Sampling::Denied,
            (Some(b"0") | None, None) => Sampling::Deferred,
            _ => return None,
        };
        let ids = match (self.trace_id, self.span_id) {
            (Some(trace), Some(span)) => {
                let span_id = SpanId::from_hex(trim_blanks(span))?;
                Some((trace_id(trim_blanks(trace))?, span_id))
            }
            (None, None) if sampling != Sampling::Deferred => None,
            _ => return None,
        };
        Some(B3 { ids, sampling })
    }
}

/// A trace id of 16 bytes, or of 8, which zeros then precede.
fn trace_id(text: &[u8]) -> Option<TraceId> {
    if text.len() != 16 {
        return TraceId::from_hex(text);
    }
    let low = SpanId::from_hex(text)?;
    let mut bytes = [0; 16];
    let place = bytes.last_chunk_mut::<8>()?;
    *place = *low.as_bytes();
    TraceId::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    const TRACE: &str = "463ac35c9f6413ad48485a3953bb6124";
    const SPAN: &str = "0020000000000001";

    fn ids() -> Option<(TraceId, SpanId)> {
        let trace_id = TraceId::from_hex(TRACE.as_bytes()).unwrap();
        Some((trace_id, SpanId::from_hex(SPAN.as_bytes()).unwrap()))
    }

    #[test]
    fn reads_the_single_header() {
        for (state, sampling, why) in [
            ("", Sampling::Deferred, "no decision"),
            ("-1", Sampling::Accepted, "sampled"),
            ("-0", Sampling::Denied, "not sampled"),
            ("-d", Sampling::Debug, "debug"),
            (
                "-1-05e3ac9a4f6e3b90",
                Sampling::Accepted,
                "with the caller's parent",
            ),
        ] {
            let read = B3::parse(format!("{TRACE}-{SPAN}{state}").as_bytes()).unwrap();
            assert_eq!((read.ids, read.sampling), (ids(), sampling), "{why}");
        }
        for (state, sampling) in [
            ("0", Sampling::Denied),
            ("1", Sampling::Accepted),
            ("d", Sampling::Debug),
        ] {
            let alone = B3 {
                ids: None,
                sampling,
            };
            assert_eq!(B3::parse(state.as_bytes()), Some(alone), "{state}");
        }
        let short = B3::parse(b"48485a3953bb6124-0020000000000001-1").unwrap();
        let (trace_id, _) = short.ids.unwrap();
        assert_eq!(
            trace_id.to_hex().as_str(),
            "000000000000000048485a3953bb6124"
        );
    }

    #[test]
    fn refuses_a_single_header_that_is_malformed() {
        for (value, why) in [
            (String::new(), "empty"),
            ("x".into(), "no state"),
            (TRACE.into(), "no span"),
            (format!("{TRACE}-"), "an empty span"),
            (format!("{TRACE}-{SPAN}-"), "an empty state"),
            (format!("{TRACE}-{SPAN}-2"), "no such state"),
            (format!("{TRACE}-{SPAN}-1-"), "an empty parent"),
            (format!("{TRACE}-{SPAN}-1-{SPAN}-1"), "one part too many"),
            (format!("{}-{SPAN}", TRACE.to_uppercase()), "upper case"),
            (format!("{}-{SPAN}", "0".repeat(32)), "all-zero trace id"),
            (
                format!("{}-{SPAN}", "0".repeat(16)),
                "all-zero short trace id",
            ),
            (format!("{TRACE}-{}", "0".repeat(16)), "all-zero span id"),
            (format!("0{TRACE}-{SPAN}"), "a digit too long"),
        ] {
            assert_eq!(B3::parse(value.as_bytes()), None, "{value}: {why}");
        }
    }

    #[test]
    fn reads_several_headers() {
        let of = |ids: bool, sampled: Option<&'static str>, flags: Option<&'static str>| {
            Several {
                trace_id: ids.then_some(TRACE.as_bytes()),
                span_id: ids.then_some(SPAN.as_bytes()),
                sampled: sampled.map(str::as_bytes),
                flags: flags.map(str::as_bytes),
            }
            .parse()
        };
        for (sampled, flags, sampling) in [
            (None, None, Some(Sampling::Deferred)),
            (Some("1"), None, Some(Sampling::Accepted)),
            (Some("true"), Some("0"), Some(Sampling::Accepted)),
            (Some("0"), None, Some(Sampling::Denied)),
            (Some("false"), None, Some(Sampling::Denied)),
            (None, Some("1"), Some(Sampling::Debug)),
            (Some("0"), Some("1"), Some(Sampling::Debug)),
            (Some("yes"), None, None),
            (Some("1"), Some("2"), None),
        ] {
            let read = of(true, sampled, flags);
            let expected = sampling.map(|sampling| B3 {
                ids: ids(),
                sampling,
            });
            assert_eq!(read, expected, "{sampled:?} {flags:?}");
        }
        assert_eq!(of(false, None, None), None, "nothing at all");
        assert_eq!(
            of(false, Some("0"), None).unwrap().sampling,
            Sampling::Denied
        );
        let half = Several {
            trace_id: Some(TRACE.as_bytes()),
            ..Several::default()
        };
        assert_eq!(half.parse(), None, "a trace without a span");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(trace: [u8; 16], span: [u8; 8], sampled: bool, is_debug: bool) {
            let context = SpanContext {
                trace_id: TraceId::from_entropy(trace),
                span_id: SpanId::from_entropy(span),
                flags: TraceFlags::default().with_sampled(sampled || is_debug),
            };
            let read = B3::parse(B3::single(&context, is_debug).as_bytes()).unwrap();
            prop_assert_eq!(read.context(), Some(context));
            prop_assert_eq!(read.sampling == Sampling::Debug, is_debug);
        }

        #[test]
        fn any_bytes_are_survived(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = B3::parse(&value);
            let value = Some(value.as_slice());
            let _ = Several { trace_id: value, span_id: value, sampled: value, flags: value }.parse();
        }
    }
}
