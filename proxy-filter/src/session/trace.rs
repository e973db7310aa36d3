//! The trace that a request belongs to: continued, restarted or started here
//! ([W3C Trace Context](https://www.w3.org/TR/trace-context-2/#a-traceparent-is-received)).

use super::caller::Caller;
use super::{Effect, Head, b3};
use crate::config::{Incoming, Settings};
use crate::sampling::MaySample;
use sightline_core::b3::Sampling;
use sightline_core::id::{SpanId, TraceId};
use sightline_core::trace_context::{SpanContext, TraceFlags};
use sightline_core::tracestate;

/// Fills a buffer with random bytes.
pub type Entropy<'a> = &'a mut dyn FnMut(&mut [u8]);

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
        may_sample: MaySample<'_>,
        caller: &mut Caller<'_>,
        entropy: Entropy<'_>,
        emit: &mut dyn FnMut(Effect<'_>),
    ) -> Self {
        let mut random = [0; 8];
        entropy(&mut random);
        let span_id = SpanId::from_entropy(random);
        let said = Said::read(settings, head);
        let trusts = said.is_some() && trusts(settings, caller);
        let rule = if trusts {
            settings.incoming
        } else {
            settings.untrusted
        };
        let incoming = said.and_then(|said| said.context);
        let continued = incoming.filter(|_| rule == Incoming::Continue);
        let (trace_id, flags) = match continued {
            Some(caller) => (caller.trace_id, caller.flags),
            None => (new_trace_id(entropy), TraceFlags::RANDOM),
        };
        // Who is not trusted gives no more than ids: its decision and its
        // `tracestate` would steer sampling here and behind.
        let taken = said.filter(|_| trusts && rule == Incoming::Continue);
        let sampling = taken.map_or(Sampling::Deferred, |said| said.sampling);
        let (sampled, state) = match sampling.decision() {
            Some(sampled) => {
                // A `tracestate` belongs to a `traceparent`.
                let is_w3c = taken.is_some_and(|said| said.is_w3c);
                let lines = head.tracestate.iter().filter(|_| is_w3c);
                let state = tracestate::passed_on(lines.copied(), &trace_id, sampled);
                (sampled, state)
            }
            None => {
                let decision = settings.sampling.decide(head.path, &trace_id, may_sample);
                (decision.sampled, decision.state.map(str::to_owned))
            }
        };
        let trace = Self {
            context: SpanContext {
                trace_id,
                span_id,
                flags: flags.with_sampled(sampled),
            },
            parent: continued.map(|caller| caller.span_id),
            link: incoming.filter(|_| rule == Incoming::RestartWithLink),
            state,
        };
        let traceparent = trace.context.to_traceparent();
        emit(Effect::SetOnRequest("traceparent", traceparent.as_bytes()));
        match (&trace.state, head.tracestate.as_slice()) {
            (Some(state), [line]) if state.as_bytes() == *line => {}
            (Some(state), _) => emit(Effect::SetOnRequest("tracestate", state.as_bytes())),
            (None, []) => {}
            (None, _) => emit(Effect::RemoveFromRequest("tracestate")),
        }
        if settings.b3 != b3::Mode::Off {
            let is_debug = sampling == Sampling::Debug;
            head.b3.write(settings.b3, &trace.context, is_debug, emit);
        }
        trace
    }
}

/// What the caller says of its trace.
#[derive(Clone, Copy)]
struct Said {
    /// The trace and its span; with B3 a decision can stand alone.
    context: Option<SpanContext>,
    sampling: Sampling,
    is_w3c: bool,
}

impl Said {
    /// A valid `traceparent` counts before B3.
    fn read(settings: &Settings, head: &Head<'_>) -> Option<Self> {
        // Two lines are as good as none: nobody knows which one is true.
        let traceparent = head.traceparent.one();
        if let Some(context) = traceparent.and_then(SpanContext::parse) {
            let sampling = match context.flags.sampled() {
                true => Sampling::Accepted,
                false => Sampling::Denied,
            };
            return Some(Self {
                context: Some(context),
                sampling,
                is_w3c: true,
            });
        }
        let b3 = match settings.b3 {
            b3::Mode::Off => None,
            _ => head.b3.read(),
        };
        b3.map(|b3| Self {
            context: b3.context(),
            sampling: b3.sampling,
            is_w3c: false,
        })
    }
}

/// Whether the caller is trusted with its trace; asks only where that makes a
/// difference.
fn trusts(settings: &Settings, caller: &mut Caller<'_>) -> bool {
    let rules = [settings.incoming, settings.untrusted];
    let matters = rules.contains(&Incoming::Continue) || settings.incoming != settings.untrusted;
    matters && caller.is_trusted()
}

fn new_trace_id(entropy: Entropy<'_>) -> TraceId {
    let mut random = [0; 16];
    entropy(&mut random);
    TraceId::from_entropy(random)
}
