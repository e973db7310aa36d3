//! When, and for what, a batch is wanted. The numbers are those of `gate.ts` in
//! the package; what follows from each is decided by the outbox.

use super::Signal;

/// When, and for what, a batch is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To send it, unless a failure is waited out or two are on their way.
    InTime = 0,
    /// To send it now, whatever happened to the last one.
    Now = 1,
    /// To send it while the page goes; not while a failure is waited out.
    Leaving = 2,
    /// To keep it in storage.
    Keep = 3,
    /// To send it in time, if it is ready: records go on gathering.
    Ready = 4,
    /// To see the events that would be sent next, which wait on.
    PreviewLogs = 5,
    /// To see the spans.
    PreviewTraces = 6,
    /// To see the histograms.
    PreviewMetrics = 7,
    /// To say that the engine broke, made ahead of the case.
    LastWords = 8,
}

impl Need {
    /// What is to be seen, if no more is wanted.
    pub fn previewed(self) -> Option<Signal> {
        match self {
            Self::PreviewLogs => Some(Signal::Logs),
            Self::PreviewTraces => Some(Signal::Traces),
            Self::PreviewMetrics => Some(Signal::Metrics),
            _ => None,
        }
    }

    /// By its number; in time for one that is not known.
    pub fn of(number: f64) -> Self {
        const ALL: [Need; 9] = [
            Need::InTime,
            Need::Now,
            Need::Leaving,
            Need::Keep,
            Need::Ready,
            Need::PreviewLogs,
            Need::PreviewTraces,
            Need::PreviewMetrics,
            Need::LastWords,
        ];
        ALL.get(number as usize).copied().unwrap_or(Self::InTime)
    }
}
