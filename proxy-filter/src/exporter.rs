//! The exports of one signal by one worker: one under way at a time, and after
//! a failure a pause that grows, with jitter, so that workers don't come back
//! all at once. Which answers are worth another try is OTLP's to say
//! ([OTLP/HTTP](https://opentelemetry.io/docs/specs/otlp/#otlphttp-response)).

use crate::ledger::Failure;

const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// The longest pause of our own making.
const MAX_PAUSE_NANOS: u64 = 30 * NANOS_PER_SECOND;
/// A call without an answer for so long is forgotten: longer than any timeout.
const FORGOTTEN_AFTER_NANOS: u64 = 660 * NANOS_PER_SECOND;
/// The longest pause that a receiver can ask for.
const MAX_RETRY_AFTER_SECONDS: u64 = 300;

/// What the receiver answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status; none if no answer came.
    pub status: Option<u16>,
    /// `Retry-After` in seconds.
    pub retry_after_seconds: Option<u64>,
    /// Items that the receiver says it has not taken, of an export that succeeded.
    pub rejected: u64,
    /// The beginning of its body.
    pub body: Vec<u8>,
}

/// What an answer means for what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has arrived.
    Delivered,
    /// It is worth another try.
    Retry(Failure),
    /// It never will be taken.
    GiveUp(Failure),
}

/// The state of a signal's exports.
#[derive(Debug, Default)]
pub struct Exporter {
    under_way: Option<UnderWay>,
    failures_in_a_row: u32,
    /// On the monotonic clock.
    not_before_nanos: u64,
}

/// An export whose answer has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// The context that called.
    pub root: u32,
    /// The proxy's number for the call.
    pub token: u32,
    /// How many spans, log records or metric points it carries.
    pub items: usize,
}

impl Answer {
    /// Whether the receiver took it, or most of it.
    pub fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..=299).contains(&status))
    }
}

impl Exporter {
    /// Whether an export may start now. The proxy answers every call or times
    /// it out; should it forget one, another starts after a while.
    pub fn is_ready(&self, now_nanos: u64) -> bool {
        let free_after = match self.under_way {
            Some(_) => self.not_before_nanos.saturating_add(FORGOTTEN_AFTER_NANOS),
            None => self.not_before_nanos,
        };
        now_nanos >= free_after
    }

    /// Whether the last export failed.
    pub fn is_failing(&self) -> bool {
        self.failures_in_a_row > 0
    }

    /// Whether nothing is under way and nothing speaks against starting.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_none() && !self.is_failing()
    }

    /// What is under way.
    pub fn under_way(&self) -> Option<UnderWay> {
        self.under_way
    }

    /// An export has started; the next may start after the interval.
    pub fn started(&mut self, call: UnderWay, now_nanos: u64, interval_millis: u64) {
        self.under_way = Some(call);
        self.not_before_nanos =
            now_nanos.saturating_add(interval_millis.saturating_mul(NANOS_PER_MILLI));
    }

    /// The next export need not wait for the interval, but for the one under way.
    pub fn hurry(&mut self) {
        if self.is_idle() {
            self.not_before_nanos = 0;
        }
    }

    /// The export under way was cancelled with the context that called.
    pub fn cancelled(&mut self) -> Option<UnderWay> {
        self.under_way.take()
    }

    /// The answer, or that none came. `random` spreads the pauses.
    pub fn answered(
        &mut self,
        answer: &Answer,
        now_nanos: u64,
        interval_millis: u64,
        random: u64,
    ) -> Verdict {
        self.under_way = None;
        let verdict = match answer.status {
            Some(200..=299) => Verdict::Delivered,
            Some(429) => Verdict::Retry(Failure::Throttled),
            Some(502..=504) => Verdict::Retry(Failure::Unavailable),
            Some(_) => Verdict::GiveUp(Failure::Rejected),
            None => Verdict::Retry(Failure::Unreachable),
        };
        if verdict == Verdict::Delivered {
            self.failures_in_a_row = 0;
            return verdict;
        }
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let doublings = self.failures_in_a_row.saturating_sub(1).min(20);
        let pause = interval_millis
            .saturating_mul(NANOS_PER_MILLI)
            .saturating_mul(1 << doublings)
            .min(MAX_PAUSE_NANOS);
        // Between half of it and all of it.
        let half = pause / 2;
        let pause = half.saturating_add(random.checked_rem(half.max(1)).unwrap_or_default());
        let asked = answer.retry_after_seconds.unwrap_or_default();
        let asked = asked
            .min(MAX_RETRY_AFTER_SECONDS)
            .saturating_mul(NANOS_PER_SECOND);
        self.not_before_nanos = now_nanos.saturating_add(pause.max(asked));
        verdict
    }
}

/// The number of rejected items in the body of a successful answer: field 1
/// (`partial_success`), field 1 (`rejected_*`). What can't be read says none.
pub fn rejected_in(body: &[u8]) -> u64 {
    let partial = field_1(body, 2).map(|(_, bytes)| bytes);
    let rejected = partial.and_then(|partial| field_1(partial, 0));
    rejected.map_or(0, |(number, _)| number)
}

/// Value and content of a message's first field, if it is number 1 of this wire type.
fn field_1(message: &[u8], wire_type: u8) -> Option<(u64, &[u8])> {
    let (key, mut rest) = message.split_first()?;
    if *key != 8 | wire_type {
        return None;
    }
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let length = usize::try_from(number).ok()?;
            return match wire_type {
                2 => Some((number, rest.get(..length)?)),
                _ => Some((number, &[])),
            };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::collector::logs::v1::{
        ExportLogsPartialSuccess, ExportLogsServiceResponse,
    };
    use opentelemetry_proto::tonic::collector::metrics::v1::{
        ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
    };
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceResponse,
    };
    use prost::Message;

    const CALL: UnderWay = UnderWay {
        root: 1,
        token: 2,
        items: 3,
    };

    fn answer(status: u16) -> Answer {
        Answer {
            status: Some(status),
            ..Answer::default()
        }
    }

    #[test]
    fn answers_mean_what_otlp_says() {
        for (status, verdict) in [
            (Some(200), Verdict::Delivered),
            (Some(202), Verdict::Delivered),
            (Some(429), Verdict::Retry(Failure::Throttled)),
            (Some(502), Verdict::Retry(Failure::Unavailable)),
            (Some(503), Verdict::Retry(Failure::Unavailable)),
            (Some(504), Verdict::Retry(Failure::Unavailable)),
            (None, Verdict::Retry(Failure::Unreachable)),
            (Some(400), Verdict::GiveUp(Failure::Rejected)),
            (Some(404), Verdict::GiveUp(Failure::Rejected)),
            (Some(500), Verdict::GiveUp(Failure::Rejected)),
            (Some(302), Verdict::GiveUp(Failure::Rejected)),
        ] {
            let answer = Answer {
                status,
                ..Answer::default()
            };
            let got = Exporter::default().answered(&answer, 0, 1000, 0);
            assert_eq!(got, verdict, "{status:?}");
        }
    }

    #[test]
    fn one_at_a_time_and_not_before_the_interval() {
        let mut exporter = Exporter::default();
        assert!(exporter.is_ready(0));
        exporter.started(CALL, 0, 1000);
        assert!(!exporter.is_ready(9_000_000_000), "one is under way");
        exporter.answered(&answer(200), 1, 1000, 0);
        assert!(!exporter.is_ready(999_000_000));
        assert!(exporter.is_ready(1_000_000_000));
        let now = 2 * FORGOTTEN_AFTER_NANOS;
        exporter.started(CALL, now, 1000);
        exporter.hurry();
        assert!(!exporter.is_ready(now + 1), "one is under way");
        exporter.answered(&answer(200), now, 1000, 0);
        exporter.hurry();
        assert!(exporter.is_ready(now + 1));
    }

    #[test]
    fn pauses_double_to_a_limit_and_end_with_a_success() {
        let mut exporter = Exporter::default();
        for (turn, least_millis) in [(0, 500), (1, 1000), (2, 2000), (9, 15_000), (40, 15_000)] {
            exporter.failures_in_a_row = turn;
            exporter.answered(&answer(503), 0, 1000, u64::MAX);
            let least = least_millis * NANOS_PER_MILLI;
            assert!(
                (least..=2 * least).contains(&exporter.not_before_nanos),
                "{turn}"
            );
            exporter.hurry();
            assert!(!exporter.is_ready(0), "a pause is a pause");
        }
        exporter.answered(&answer(200), 0, 1000, 0);
        assert!(!exporter.is_failing());
    }

    #[test]
    fn retry_after_is_honoured_within_limits() {
        for (asked, pause) in [(7, 7), (100_000, 300)] {
            let mut exporter = Exporter::default();
            let answer = Answer {
                retry_after_seconds: Some(asked),
                ..answer(429)
            };
            exporter.answered(&answer, 0, 1000, 0);
            assert_eq!(exporter.not_before_nanos, pause * NANOS_PER_SECOND);
        }
    }

    #[test]
    fn partial_success_is_read_as_the_collector_writes_it() {
        for count in [0, 1, 300, i64::MAX] {
            let error_message = "no".to_owned();
            let spans = ExportTraceServiceResponse {
                partial_success: Some(ExportTracePartialSuccess {
                    rejected_spans: count,
                    error_message: error_message.clone(),
                }),
            };
            let log_records = ExportLogsServiceResponse {
                partial_success: Some(ExportLogsPartialSuccess {
                    rejected_log_records: count,
                    error_message: error_message.clone(),
                }),
            };
            let points = ExportMetricsServiceResponse {
                partial_success: Some(ExportMetricsPartialSuccess {
                    rejected_data_points: count,
                    error_message,
                }),
            };
            let rejected = u64::try_from(count).unwrap();
            assert_eq!(rejected_in(&spans.encode_to_vec()), rejected);
            assert_eq!(rejected_in(&log_records.encode_to_vec()), rejected);
            assert_eq!(rejected_in(&points.encode_to_vec()), rejected);
        }
        for body in [
            &b""[..],
            b"{}",
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x0a\x05\x08",
        ] {
            assert_eq!(rejected_in(body), 0, "{body:?}");
        }
    }
}
