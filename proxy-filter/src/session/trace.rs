//! The trace that a request belongs to: continued, restarted or started here
//! ([W3C Trace Context](https://www.w3.org/TR/trace-context-2/#a-traceparent-is-received)).

use super::{Effect, Head};
use crate::config::{Incoming, Settings};
use sightline_core::id::{SpanId, TraceId};
use sightline_core::trace_context::{SpanContext, TraceFlags};
use sightline_core::tracestate;

/// Fills a buffer with random bytes.
pub type Entropy<'a> = &'a mut dyn FnMut(&mut [u8]);

/// Asks the proxy for its `source.address`; empty if there is none.
pub type SourceAddress<'a> = &'a mut dyn FnMut() -> Vec<u8>;

/// A request's place in its trace.
#[derive(Debug)]
pub struct Trace {
    /// The trace, the span of this request, the flags.
    pub context: SpanContext,
    /// The caller's span.
    pub parent: Option<SpanId>,
    /// The caller's span in the trace that was not continued.
    pub link: Option<SpanContext>,
    /// The `tracestate` that is sent on.
    pub state: Option<String>,
}

impl Trace {
    /// Decides, and makes the upstream's headers say so.
    pub fn begin(
        settings: &Settings,
        head: &Head<'_>,
        source_address: SourceAddress<'_>,
        entropy: Entropy<'_>,
        emit: &mut dyn FnMut(Effect<'_>),
    ) -> Self {
        let mut random = [0; 8];
        entropy(&mut random);
        let span_id = SpanId::from_entropy(random);
        // Two lines are as good as none: nobody knows which one is true.
        let incoming = head.traceparent.one();
        let incoming = incoming.and_then(|value| SpanContext::parse(value).ok());
        let trusts = incoming.is_some() && trusts(settings, source_address);
        let rule = if trusts {
            settings.incoming
        } else {
            settings.untrusted
        };
        let trace = match incoming {
            Some(caller) if rule == Incoming::Continue => {
                // Who is not trusted gives no more than ids: its flag and its
                // `tracestate` would steer sampling here and behind.
                let flags = match trusts {
                    true => caller.flags,
                    false => {
                        let sampled = settings.sample_ratio.keeps(&caller.trace_id);
                        caller.flags.with_sampled(sampled)
                    }
                };
                let state = head.tracestate.iter().copied().filter(|_| trusts);
                Self {
                    context: SpanContext {
                        span_id,
                        flags,
                        ..caller
                    },
                    parent: Some(caller.span_id),
                    link: None,
                    state: tracestate::combine(state),
                }
            }
            caller => Self {
                context: start(settings, span_id, entropy),
                parent: None,
                link: caller.filter(|_| rule == Incoming::RestartWithLink),
                state: None,
            },
        };
        let traceparent = trace.context.to_traceparent();
        emit(Effect::SetOnRequest("traceparent", traceparent.as_bytes()));
        match (&trace.state, head.tracestate.as_slice()) {
            (Some(state), [line]) if state.as_bytes() == *line => {}
            (Some(state), _) => emit(Effect::SetOnRequest("tracestate", state.as_bytes())),
            (None, []) => {}
            (None, _) => emit(Effect::RemoveFromRequest("tracestate")),
        }
        trace
    }
}

/// Whether the caller is trusted; asks only where that makes a difference.
fn trusts(settings: &Settings, source_address: SourceAddress<'_>) -> bool {
    let rules = [settings.incoming, settings.untrusted];
    let matters = rules.contains(&Incoming::Continue) || settings.incoming != settings.untrusted;
    matters && !settings.trusted.networks.is_empty() && settings.trusted.include(&source_address())
}

fn start(settings: &Settings, span_id: SpanId, entropy: Entropy<'_>) -> SpanContext {
    let mut random = [0; 16];
    entropy(&mut random);
    let trace_id = TraceId::from_entropy(random);
    let sampled = settings.sample_ratio.keeps(&trace_id);
    SpanContext {
        trace_id,
        span_id,
        flags: TraceFlags::RANDOM.with_sampled(sampled),
    }
}
