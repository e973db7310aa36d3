//! Consistent probability sampling: the decision follows from the trace id, so
//! every party that applies the same ratio keeps the same traces
//! ([OpenTelemetry](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/)).

use crate::id::TraceId;
use crate::ot_member;
use alloc::string::String;

const MAX_THRESHOLD: u64 = 1 << 56;

/// Keeps a share of all traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Traces whose 56 random bits are below this are not kept.
    rejection_threshold: u64,
}

impl Ratio {
    /// A share from 0 (none) to 1 (all); `None` for anything else.
    pub fn new(share: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&share) {
            return None;
        }
        let rejected = (1.0 - share) * MAX_THRESHOLD as f64;
        Some(Self {
            rejection_threshold: rejected as u64,
        })
    }

    /// Whether this trace is kept.
    pub fn keeps(self, trace_id: &TraceId) -> bool {
        trace_id.randomness() >= self.rejection_threshold
    }

    /// What the `tracestate` of a kept trace says of it, `ot=th:…`; none where
    /// no trace is kept.
    pub fn tracestate(self) -> Option<String> {
        let keeps_some = self.rejection_threshold < MAX_THRESHOLD;
        keeps_some.then(|| ot_member::with_threshold(self.rejection_threshold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(randomness: u64) -> TraceId {
        let mut bytes = [0xff; 16];
        bytes[9..].copy_from_slice(&randomness.to_be_bytes()[1..]);
        TraceId::from_entropy(bytes)
    }

    #[test]
    fn all_and_none_are_exact() {
        for randomness in [0, 1, MAX_THRESHOLD - 1] {
            assert!(Ratio::new(1.0).unwrap().keeps(&trace(randomness)));
            assert!(!Ratio::new(0.0).unwrap().keeps(&trace(randomness)));
        }
    }

    #[test]
    fn a_half_splits_at_the_middle() {
        let half = Ratio::new(0.5).unwrap();
        assert!(!half.keeps(&trace(MAX_THRESHOLD / 2 - 1)));
        assert!(half.keeps(&trace(MAX_THRESHOLD / 2)));
    }

    #[test]
    fn tells_its_threshold() {
        for (share, expected) in [
            (1.0, Some("ot=th:0")),
            (0.5, Some("ot=th:8")),
            (0.25, Some("ot=th:c")),
            (0.1, Some("ot=th:e6666666666668")),
            (0.0, None),
        ] {
            assert_eq!(Ratio::new(share).unwrap().tracestate().as_deref(), expected);
        }
    }

    #[test]
    fn decides_as_the_shared_table_says() {
        let table = include_str!("../../tests/cases/sampling.txt");
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split(' ');
            let mut field = || fields.next().unwrap();
            let ratio = Ratio::new(field().parse().unwrap()).unwrap();
            let trace_id = TraceId::from_hex(field().as_bytes()).unwrap();
            assert_eq!(ratio.keeps(&trace_id), field() == "yes", "{line}");
        }
    }

    #[test]
    fn refuses_what_is_no_share() {
        for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Ratio::new(share), None);
        }
    }
}
