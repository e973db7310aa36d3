//! Which traces are sampled where the edge decides: those that start here, and
//! those of callers whose decision does not count. What it says of itself in
//! `tracestate` is made once, with the configuration.

use sightline_core::id::TraceId;
use sightline_core::sampling::Ratio;

/// A share of traces, and how a kept trace tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampler {
    ratio: Ratio,
    /// The `tracestate` of a kept trace.
    state: Option<Box<str>>,
}

/// What was decided of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'s> {
    /// Whether it is sampled.
    pub sampled: bool,
    /// The `tracestate` that says with which probability.
    pub state: Option<&'s str>,
}

impl Sampler {
    /// Keeps this share.
    pub fn new(ratio: Ratio) -> Self {
        Self {
            ratio,
            state: ratio.tracestate().map(String::into_boxed_str),
        }
    }

    /// Decides.
    pub fn decide(&self, trace_id: &TraceId) -> Decision<'_> {
        let sampled = self.ratio.keeps(trace_id);
        Decision {
            sampled,
            state: self.state.as_deref().filter(|_| sampled),
        }
    }
}
