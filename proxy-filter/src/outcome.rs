//! How requests end, as far as they are counted apart: status, kind of
//! failure, and where the OpenTelemetry conventions are wanted scheme and
//! protocol. How often, how long and how large is a [`Tally`].

use crate::exemplar::Exemplar;
use crate::response_flags;
use sightline_core::histogram::{Histogram, SECONDS_BOUNDS};
use sightline_core::names::error;
use std::borrow::Cow;

/// The protocols that are told apart, as `network.protocol.version` has them.
const PROTOCOLS: [&str; 4] = ["1.0", "1.1", "2", "3"];
/// The schemes that are told apart.
const SCHEMES: [&str; 2] = ["http", "https"];
/// The status of responses whose status no series has room for.
const OTHER_STATUS: u16 = u16::MAX;
/// The most outcomes of one series; a hostile upstream could make up statuses.
const MAX_OUTCOMES: usize = 64;
/// The most exemplars of one series.
const MAX_EXEMPLARS: usize = 4;

/// What requests that are counted together have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// The status; 0 if there was no response.
    pub status: u16,
    /// Position in [`error::TYPES`] and one; 0 for a success.
    pub error: u8,
    /// Position in [`SCHEMES`] and one; 0 for any other, or where nobody asks.
    pub scheme: u8,
    /// The same in [`PROTOCOLS`].
    pub protocol: u8,
}

impl Outcome {
    /// The outcome of a request with this status and these response flags.
    pub fn new(status: Option<u16>, flags: u64) -> Self {
        let kind = response_flags::error_type(flags, status);
        Self {
            status: status.unwrap_or_default(),
            error: kind.map_or(0, |kind| place(&error::TYPES, kind)),
            ..Self::default()
        }
    }

    /// The same with scheme and protocol, such as `https` and `HTTP/1.1`.
    pub fn over(self, scheme: &[u8], protocol: &[u8]) -> Self {
        let scheme = core::str::from_utf8(scheme).unwrap_or_default();
        let protocol = core::str::from_utf8(protocol).unwrap_or_default();
        let version = protocol.strip_prefix("HTTP/").unwrap_or_default();
        Self {
            scheme: place(&SCHEMES, scheme),
            protocol: place(&PROTOCOLS, version),
            ..self
        }
    }

    /// The status, if there was a response.
    pub fn status_code(&self) -> Option<u16> {
        (self.status != 0).then_some(self.status)
    }

    /// The status as a label; `0` if there was no response.
    pub fn status_label(&self) -> String {
        match self.status {
            OTHER_STATUS => "_other".to_owned(),
            status => status.to_string(),
        }
    }

    /// What kind of failure it was.
    pub fn error_type(&self) -> Option<&'static str> {
        at(&error::TYPES, self.error)
    }

    /// `error.type`: of a server's failure the cause if it is known, else the
    /// status. What a client did wrong is no error of a server
    /// ([conventions](https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status)).
    pub fn error_attribute(&self) -> Option<Cow<'static, str>> {
        match (self.error_type()?, self.status) {
            (_, 400..=499) | (error::CLIENT_DISCONNECT, 1..) => None,
            (error::SERVER_ERROR, status) => Some(Cow::Owned(status.to_string())),
            (cause, _) => Some(Cow::Borrowed(cause)),
        }
    }

    /// `url.scheme`, if known.
    pub fn scheme(&self) -> Option<&'static str> {
        at(&SCHEMES, self.scheme)
    }

    /// `network.protocol.version`, if known.
    pub fn protocol_version(&self) -> Option<&'static str> {
        at(&PROTOCOLS, self.protocol)
    }
}

/// Position of a text in a list, and one; 0 if it is not there.
fn place(list: &[&str], text: &str) -> u8 {
    let found = list.iter().position(|known| *known == text);
    found
        .and_then(|at| u8::try_from(at.checked_add(1)?).ok())
        .unwrap_or_default()
}

fn at(list: &'static [&'static str], place: u8) -> Option<&'static str> {
    list.get(usize::from(place).checked_sub(1)?).copied()
}

/// A request that has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub duration_nanos: u64,
    /// Bytes of its body.
    pub request_bytes: u64,
    /// Bytes of the response's body that were sent.
    pub response_bytes: u64,
    /// Its span, if that is exported.
    pub exemplar: Option<Exemplar>,
}

/// How often, how long, how large.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// Durations in seconds; their number is the number of requests.
    pub durations: Histogram,
    /// Bytes of request bodies.
    pub request_bytes: u64,
    /// Bytes of response bodies.
    pub response_bytes: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            durations: Histogram::new(&SECONDS_BOUNDS),
            request_bytes: 0,
            response_bytes: 0,
        }
    }
}

impl Tally {
    /// What was counted since an earlier state.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            durations: self.durations.since(&earlier.durations),
            request_bytes: self.request_bytes.saturating_sub(earlier.request_bytes),
            response_bytes: self.response_bytes.saturating_sub(earlier.response_bytes),
        }
    }

    fn add_bytes(&mut self, request: u64, response: u64) {
        self.request_bytes = self.request_bytes.saturating_add(request);
        self.response_bytes = self.response_bytes.saturating_add(response);
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, more: &Self) {
        self.durations
            .merge(more.durations.counts(), more.durations.sum());
        self.add_bytes(more.request_bytes, more.response_bytes);
    }
}

/// The requests of one series that have ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tallies {
    /// By outcome, in no order.
    list: Vec<(Outcome, Tally)>,
    /// At most one a bucket.
    exemplars: Vec<Exemplar>,
}

impl Tallies {
    /// Counts a request.
    pub fn count(&mut self, request: &Finished) {
        self.change(request.outcome, |tally| {
            tally.durations.record(request.duration_nanos as f64 / 1e9);
            tally.add_bytes(request.request_bytes, request.response_bytes);
        });
        if let Some(exemplar) = request.exemplar {
            self.keep(exemplar);
        }
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, more: &Self) {
        for (outcome, more) in &more.list {
            self.add_tally(*outcome, more);
        }
        more.exemplars
            .iter()
            .for_each(|exemplar| self.keep(*exemplar));
    }

    /// Adds requests with one outcome.
    pub fn add_tally(&mut self, outcome: Outcome, more: &Tally) {
        self.change(outcome, |tally| tally.add(more));
    }

    /// Changes the tally of an outcome, or of all for which there is no room.
    fn change(&mut self, outcome: Outcome, change: impl FnOnce(&mut Tally)) {
        let is_known = self.list.iter().any(|(known, _)| *known == outcome);
        let outcome = match is_known || self.list.len() < MAX_OUTCOMES {
            true => outcome,
            false => Outcome {
                status: OTHER_STATUS,
                error: outcome.error,
                ..Outcome::default()
            },
        };
        match self.list.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, tally)) => change(tally),
            None => {
                let mut tally = Tally::default();
                change(&mut tally);
                self.list.push((outcome, tally));
            }
        }
    }

    /// What was counted since an earlier state; all of it if that is not the
    /// past of this one.
    pub fn since(&self, earlier: &Self) -> Self {
        let of = |tallies: &Self, outcome: Outcome| {
            let mut list = tallies.list.iter();
            let found = list.find(|(known, _)| *known == outcome);
            found.map_or_else(Tally::default, |(_, tally)| tally.clone())
        };
        let mut before = earlier.list.iter();
        let is_past = before.all(|(outcome, tally)| {
            of(self, *outcome).durations.count() >= tally.durations.count()
        });
        if !is_past {
            return self.clone();
        }
        let list = self.list.iter();
        let list = list.map(|(outcome, tally)| (*outcome, tally.since(&of(earlier, *outcome))));
        let exemplars = self.exemplars.iter();
        let fresh = exemplars.filter(|exemplar| !earlier.exemplars.contains(exemplar));
        Self {
            list: list
                .filter(|(_, tally)| tally.durations.count() > 0)
                .collect(),
            exemplars: fresh.copied().collect(),
        }
    }

    /// Keeps an exemplar in place of an older one of its bucket.
    pub fn keep(&mut self, exemplar: Exemplar) {
        let same = |known: &&mut Exemplar| known.bucket() == exemplar.bucket();
        if let Some(known) = self.exemplars.iter_mut().find(same) {
            *known = exemplar;
        } else if self.exemplars.len() < MAX_EXEMPLARS {
            self.exemplars.push(exemplar);
        } else if let Some(oldest) = self
            .exemplars
            .iter_mut()
            .min_by_key(|known| known.unix_nanos)
        {
            *oldest = exemplar;
        }
    }

    /// The outcomes and how often each came.
    pub fn list(&self) -> &[(Outcome, Tally)] {
        &self.list
    }

    /// Requests that stand for the others of their bucket.
    pub fn exemplars(&self) -> &[Exemplar] {
        &self.exemplars
    }

    /// How many requests.
    pub fn requests(&self) -> u64 {
        let counts = self.list.iter().map(|(_, tally)| tally.durations.count());
        counts.fold(0, u64::saturating_add)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Starts again at nothing.
    pub fn clear(&mut self) {
        self.list.clear();
        self.exemplars.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sightline_core::id::{SpanId, TraceId};

    fn finished(status: u16, seconds: f64) -> Finished {
        Finished {
            outcome: Outcome::new(Some(status), 0),
            duration_nanos: (seconds * 1e9) as u64,
            request_bytes: 1,
            response_bytes: 2,
            exemplar: Some(Exemplar {
                trace_id: TraceId::from_entropy([status as u8; 16]),
                span_id: SpanId::from_entropy([1; 8]),
                seconds,
                unix_nanos: u64::from(status),
            }),
        }
    }

    #[test]
    fn an_outcome_says_status_failure_scheme_and_protocol() {
        let outcome = Outcome::new(Some(503), 1 << 5).over(b"https", b"HTTP/1.1");
        assert_eq!(outcome.status_label(), "503");
        assert_eq!(outcome.error_type(), Some("connect_failure"));
        assert_eq!(outcome.scheme(), Some("https"));
        assert_eq!(outcome.protocol_version(), Some("1.1"));
        for (status, flags, expected) in [
            (Some(200), 0, None),
            (Some(404), 0, None),
            (Some(429), 1 << 11, None),
            (Some(500), 0, Some("500")),
            (Some(504), 1 << 2, Some("timeout")),
            (Some(200), 1 << 6, Some("reset")),
            (Some(200), 1 << 14, None),
            (None, 1 << 14, Some("client_disconnect")),
            (None, 0, Some("no_response")),
        ] {
            let said = Outcome::new(status, flags).error_attribute();
            assert_eq!(said.as_deref(), expected, "{status:?}");
        }
        let plain = Outcome::new(Some(200), 0).over(b"\xff", b"HTTP/9");
        assert_eq!(
            (plain.error_type(), plain.scheme(), plain.protocol_version()),
            (None, None, None)
        );
        assert_eq!(Outcome::new(None, 0).status_label(), "0");
    }

    #[test]
    fn made_up_statuses_are_bounded_and_nothing_is_lost() {
        let mut tallies = Tallies::default();
        for status in 100..1000 {
            tallies.count(&finished(status, 0.1));
        }
        assert!(tallies.list().len() <= MAX_OUTCOMES + error::TYPES.len());
        assert_eq!(tallies.requests(), 900);
        let other = tallies
            .list()
            .iter()
            .find(|(outcome, _)| outcome.status == OTHER_STATUS);
        assert_eq!(other.unwrap().0.status_label(), "_other");
    }

    #[test]
    fn a_bucket_has_its_latest_exemplar_and_a_series_few() {
        let mut tallies = Tallies::default();
        for (status, seconds) in [
            (200, 0.001),
            (201, 0.002),
            (202, 0.3),
            (203, 0.03),
            (204, 7.0),
            (205, 70.0),
        ] {
            tallies.count(&finished(status, seconds));
        }
        let kept: Vec<_> = tallies
            .exemplars()
            .iter()
            .map(|kept| kept.unix_nanos)
            .collect();
        assert_eq!(kept, [205, 202, 203, 204], "the oldest went");
    }

    #[test]
    fn adding_up_is_counting_together() {
        let (mut one, mut two, mut both) =
            (Tallies::default(), Tallies::default(), Tallies::default());
        for (at, status) in [200, 200, 500].into_iter().enumerate() {
            let half = if at == 0 { &mut one } else { &mut two };
            half.count(&finished(status, 0.5));
            both.count(&finished(status, 0.5));
        }
        one.add(&two);
        assert_eq!(one, both);
        assert_eq!(one.list()[0].1.response_bytes, 4);
        one.clear();
        assert!(one.is_empty() && one.exemplars().is_empty());
    }
}
