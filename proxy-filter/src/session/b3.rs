//! B3 on a request, where the operator wants it: what the caller says, and the
//! headers that go on. The format is the core's.

use super::Effect;
use super::head::Line;
use sightline_core::b3::{self, B3, Several};
use sightline_core::trace_context::SpanContext;

/// The B3 headers of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines<'h> {
    /// `b3`.
    pub single: Line<'h>,
    /// `x-b3-traceid`.
    pub trace_id: Line<'h>,
    /// `x-b3-spanid`.
    pub span_id: Line<'h>,
    /// `x-b3-parentspanid`.
    pub parent_span_id: Line<'h>,
    /// `x-b3-sampled`.
    pub sampled: Line<'h>,
    /// `x-b3-flags`.
    pub flags: Line<'h>,
}

/// What becomes of B3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Its headers are headers like others.
    Off,
    /// It is read; what is behind reads `traceparent`.
    Extract,
    /// It is read, and written as one header.
    Single,
    /// It is read, and written as several headers.
    Multi,
}

impl Lines<'_> {
    /// What the caller says: the single header counts before the several ones.
    pub fn read(&self) -> Option<B3> {
        let single = self.single.one().and_then(B3::parse);
        single.or_else(|| {
            let all = [self.trace_id, self.span_id, self.sampled, self.flags];
            if all.contains(&Line::Several) {
                return None;
            }
            let [trace_id, span_id, sampled, flags] = all.map(Line::one);
            let several = Several {
                trace_id,
                span_id,
                sampled,
                flags,
            };
            several.parse()
        })
    }

    /// Makes the upstream's headers say what this request is, and nothing that
    /// the caller said.
    pub fn write(
        &self,
        mode: Mode,
        context: &SpanContext,
        is_debug: bool,
        emit: &mut dyn FnMut(Effect<'_>),
    ) {
        let multi = mode == Mode::Multi;
        let single = (mode == Mode::Single).then(|| B3::single(context, is_debug));
        let trace_id = multi.then(|| context.trace_id.to_hex());
        let span_id = multi.then(|| context.span_id.to_hex());
        let sampled = if context.flags.sampled() { "1" } else { "0" };
        for (name, line, value) in [
            (b3::SINGLE, self.single, single.as_deref()),
            (
                b3::TRACE_ID,
                self.trace_id,
                trace_id.as_ref().map(|id| id.as_str()),
            ),
            (
                b3::SPAN_ID,
                self.span_id,
                span_id.as_ref().map(|id| id.as_str()),
            ),
            (b3::PARENT_SPAN_ID, self.parent_span_id, None),
            (
                b3::SAMPLED,
                self.sampled,
                Some(sampled).filter(|_| multi && !is_debug),
            ),
            (
                b3::FLAGS,
                self.flags,
                Some("1").filter(|_| multi && is_debug),
            ),
        ] {
            match value {
                Some(value) => emit(Effect::SetOnRequest(name, value.as_bytes())),
                None if line == Line::None => {}
                None => emit(Effect::RemoveFromRequest(name)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header_map::{HeaderMap, serialize};
    use crate::session::Head;
    use proptest::prelude::*;
    use sightline_core::b3::Sampling;
    use sightline_core::id::{SpanId, TraceId};
    use sightline_core::trace_context::TraceFlags;

    proptest! {
        #[test]
        fn what_is_written_reads_back(trace: [u8; 16], span: [u8; 8], sampled: bool, is_debug: bool, multi: bool) {
            let context = SpanContext {
                trace_id: TraceId::from_entropy(trace),
                span_id: SpanId::from_entropy(span),
                flags: TraceFlags::default().with_sampled(sampled || is_debug),
            };
            let mut headers = Vec::new();
            let mode = if multi { Mode::Multi } else { Mode::Single };
            Lines::default().write(mode, &context, is_debug, &mut |effect| {
                if let Effect::SetOnRequest(name, value) = effect {
                    headers.push((name.to_owned(), value.to_vec()));
                }
            });
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
            let bytes = serialize(&headers);
            let read = Head::read(HeaderMap::new(&bytes), "x-request-id").b3.read().unwrap();
            prop_assert_eq!(read.context(), Some(context));
            prop_assert_eq!(read.sampling == Sampling::Debug, is_debug);
        }
    }
}
