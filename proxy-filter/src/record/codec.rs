//! The bytes of a record in shared data. Whoever reads them may be another
//! build of the filter or find bytes of somebody else's: what can't be read
//! whole is no record. A change of the form takes a new key, see
//! [`crate::publishing::key`].

use super::presence::{Silence, Worker};
use super::{Record, Series, Standing};
use crate::exemplar::Exemplar;
use crate::governor::Offenders;
use crate::health::Finding;
use crate::leb128::{Input, put, put_len, put_text};
use crate::ledger::{Ledger, Queued, Waiting};
use crate::outcome::{Outcome, Tallies, Tally};
use crate::session::Origin;
use sightline_core::histogram::{Histogram, SECONDS_BOUNDS};
use sightline_core::id::{SpanId, TraceId};
use std::collections::BTreeMap;

/// First byte of every record.
const MARK: u8 = 0xA4;

impl Record {
    /// The record as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![MARK];
        out.extend_from_slice(&self.start_unix_nanos.to_le_bytes());
        out.extend_from_slice(&self.instance);
        out.extend_from_slice(&self.lease.0.to_le_bytes());
        out.extend_from_slice(&self.lease.1.to_le_bytes());
        out.push(u8::from(self.exports));
        self.ledger.counts().for_each(|count| put(&mut out, count));
        put_len(&mut out, self.max_series);
        put(&mut out, self.metrics_acknowledged_unix_nanos);
        put_len(&mut out, self.workers.len());
        for worker in &self.workers {
            worker.write(&mut out);
        }
        put(&mut out, self.missing);
        put_len(&mut out, self.findings.len());
        for finding in &self.findings {
            finding.write(&mut out);
        }
        put_len(&mut out, self.series.len());
        for series in &self.series {
            series.write(&mut out);
        }
        put(&mut out, self.names_version);
        put(&mut out, self.series_start_unix_nanos);
        put_len(&mut out, self.offenders.list().len());
        for (parent, requests) in self.offenders.list() {
            put_text(&mut out, parent);
            put(&mut out, *requests);
        }
        put_len(&mut out, self.gone_errors.len());
        for (kind, requests) in &self.gone_errors {
            out.push(*kind);
            put(&mut out, *requests);
        }
        put_len(&mut out, self.counters.len());
        for (name, sum) in &self.counters {
            put_text(&mut out, name);
            out.extend_from_slice(&sum.to_le_bytes());
        }
        out
    }

    /// The record that these bytes are.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [MARK, rest @ ..] = bytes else {
            return None;
        };
        let mut input = Input(rest);
        let start_unix_nanos = input.fixed()?;
        let instance = *input.take(16)?.first_chunk()?;
        let lease = (input.fixed()?, input.fixed()?);
        let exports = input.byte()? != 0;
        let mut ledger = Ledger::default();
        for count in ledger.counts_mut() {
            *count = input.number()?;
        }
        let max_series = input.size()?;
        let metrics_acknowledged_unix_nanos = input.number()?;
        let mut workers = Vec::new();
        for _ in 0..input.number()? {
            workers.push(Worker::read(&mut input)?);
        }
        let missing = input.number()?;
        let mut findings = Vec::new();
        for _ in 0..input.number()? {
            findings.push(Finding::read(&mut input)?);
        }
        let mut series = Vec::new();
        for _ in 0..input.number()? {
            series.push(Series::read(&mut input)?);
        }
        let (names_version, series_start_unix_nanos) = (input.number()?, input.number()?);
        let mut offenders = Offenders::default();
        for _ in 0..input.number()? {
            offenders.add(input.text()?, input.number()?);
        }
        let mut gone_errors = BTreeMap::new();
        for _ in 0..input.number()? {
            gone_errors.insert(input.byte()?, input.number()?);
        }
        let mut counters = BTreeMap::new();
        for _ in 0..input.number()? {
            counters.insert(Box::from(input.text()?), f64::from_bits(input.fixed()?));
        }
        input.0.is_empty().then_some(Self {
            start_unix_nanos,
            instance,
            lease,
            exports,
            ledger,
            max_series,
            metrics_acknowledged_unix_nanos,
            workers,
            missing,
            findings,
            series,
            names_version,
            series_start_unix_nanos,
            offenders,
            gone_errors,
            counters,
        })
    }
}

impl Worker {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.to_le_bytes());
        put(out, self.seen_nanos);
        put(out, self.began_nanos);
        out.push(self.silence as u8);
        out.push(u8::from(self.has_replaced));
        put(out, self.queued.spans);
        put(out, self.queued.log_records);
        put(out, self.queued.metric_points);
        put(out, self.waiting.spans);
        put(out, self.waiting.log_records);
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        const SILENCES: [Silence; 3] = [Silence::Heard, Silence::Missing, Silence::Replaced];
        Some(Self {
            id: input.fixed()?,
            seen_nanos: input.number()?,
            began_nanos: input.number()?,
            silence: *SILENCES.get(usize::from(input.byte()?))?,
            has_replaced: input.byte()? != 0,
            queued: Queued {
                spans: input.number()?,
                log_records: input.number()?,
                metric_points: input.number()?,
            },
            waiting: Waiting {
                spans: input.number()?,
                log_records: input.number()?,
            },
        })
    }
}

impl Series {
    fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.method);
        put_text(out, &self.route);
        self.finished.write(out);
        put_len(out, self.in_progress.len());
        for (worker, count) in &self.in_progress {
            out.extend_from_slice(&worker.to_le_bytes());
            put(out, *count);
        }
        self.standing.write(out);
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let method = input.size()?;
        let route = input.text()?;
        let finished = Tallies::read(input)?;
        let mut in_progress = Vec::new();
        for _ in 0..input.number()? {
            in_progress.push((input.fixed()?, input.number()?));
        }
        Some(Self {
            method,
            route: Box::from(route),
            finished,
            in_progress,
            standing: Standing::read(input)?,
        })
    }
}

impl Standing {
    fn write(self, out: &mut Vec<u8>) {
        out.push(self.origin as u8);
        out.push(u8::from(self.is_open));
        put(out, self.seen_nanos);
        put(out, self.start_unix_nanos);
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let [origin, is_open] = *input.take(2)?.first_chunk()?;
        let origins = [Origin::Template, Origin::RouteName, Origin::Segments];
        Some(Self {
            origin: *origins.get(usize::from(origin))?,
            is_open: is_open != 0,
            seen_nanos: input.number()?,
            start_unix_nanos: input.number()?,
        })
    }
}

impl Tallies {
    fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.list().len());
        for (outcome, tally) in self.list() {
            put(out, u64::from(outcome.status));
            out.extend([outcome.error, outcome.scheme, outcome.protocol]);
            let counts = tally.durations.counts().iter();
            counts.for_each(|count| put(out, *count));
            out.extend_from_slice(&tally.durations.sum().to_le_bytes());
            put(out, tally.request_bytes);
            put(out, tally.response_bytes);
        }
        put_len(out, self.exemplars().len());
        for exemplar in self.exemplars() {
            out.extend_from_slice(exemplar.trace_id.as_bytes());
            out.extend_from_slice(exemplar.span_id.as_bytes());
            out.extend_from_slice(&exemplar.seconds.to_le_bytes());
            out.extend_from_slice(&exemplar.unix_nanos.to_le_bytes());
        }
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let mut tallies = Self::default();
        for _ in 0..input.number()? {
            let status = u16::try_from(input.number()?).ok()?;
            let [error, scheme, protocol] = *input.take(3)?.first_chunk()?;
            let outcome = Outcome {
                status,
                error,
                scheme,
                protocol,
            };
            let mut counts = [0; SECONDS_BOUNDS.len() + 1];
            for count in &mut counts {
                *count = input.number()?;
            }
            let sum = f64::from_bits(input.fixed()?);
            let mut durations = Histogram::new(&SECONDS_BOUNDS);
            durations.merge(&counts, sum);
            let tally = Tally {
                durations,
                request_bytes: input.number()?,
                response_bytes: input.number()?,
            };
            tallies.add_tally(outcome, &tally);
        }
        for _ in 0..input.number()? {
            tallies.keep(Exemplar {
                trace_id: TraceId::from_bytes(*input.take(16)?.first_chunk()?)?,
                span_id: SpanId::from_bytes(*input.take(8)?.first_chunk()?)?,
                seconds: f64::from_bits(input.fixed()?),
                unix_nanos: input.fixed()?,
            });
        }
        Some(tallies)
    }
}
