//! What time it is.

/// The two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Nanoseconds since the Unix epoch; may jump.
    pub unix_nanos: u64,
    /// Nanoseconds of a clock that never jumps and is the same for all workers.
    pub monotonic_nanos: u64,
}
