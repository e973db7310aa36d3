//! The three kinds of records, each with an endpoint of its own.

/// What kind of records a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Events.
    Logs = 0,
    /// Spans.
    Traces = 1,
    /// Histograms.
    Metrics = 2,
}

impl Signal {
    /// By its number; histograms for one that is not known.
    pub fn of(number: f64) -> Self {
        match number as u32 {
            0 => Self::Logs,
            1 => Self::Traces,
            _ => Self::Metrics,
        }
    }
}
