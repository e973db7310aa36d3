//! A request that stands for the others that are counted with it: whoever
//! wonders about a bucket finds a trace of it.

use sightline_core::histogram::SECONDS_BOUNDS;
use sightline_core::id::{SpanId, TraceId};

/// A request that stands for the others of its bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its span.
    pub span_id: SpanId,
    /// How long it took.
    pub seconds: f64,
    /// When it ended, in nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
}

impl Exemplar {
    /// Position of the bucket that it belongs to.
    pub fn bucket(&self) -> usize {
        SECONDS_BOUNDS.partition_point(|bound| *bound < self.seconds)
    }
}
