//! A record as metric families: what every way out says, said once. How it is
//! written is the matter of [`crate::open_metrics`] and
//! [`crate::metrics_export`].

use crate::exemplar::Exemplar;
use crate::ledger::{DROPS, FAILURES, Flow};
use crate::now::Now;
use crate::outcome::{Outcome, Tally};
use crate::record::{Record, Series};
use sightline_core::histogram::Histogram;
use sightline_core::metric::{self, Kind, Metric, conventional};
use sightline_core::names::{
    self, ENDPOINT, ERROR_TYPE, METHOD, PREFIX, PROBE, REASON, RESULT, SIGNAL, STATUS_CODE,
    VERSION, ingest::RESULTS,
};
use sightline_core::redact;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Whose names requests are reported under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// `http_requests_total`.
    #[default]
    Prometheus,
    /// `http.server.request.duration`.
    OpenTelemetry,
}

/// A metric with all its points.
#[derive(Debug)]
pub struct Family<'a> {
    /// The name.
    pub name: &'a str,
    /// The kind.
    pub kind: Kind,
    /// The unit.
    pub unit: &'a str,
    /// What it says.
    pub help: &'a str,
    /// The points.
    pub points: Vec<Point<'a>>,
}

/// Names of labels with their values.
pub type Labels<'a> = Vec<(&'static str, Cow<'a, str>)>;

/// One series of a family.
#[derive(Debug)]
pub struct Point<'a> {
    /// The labels.
    pub labels: Labels<'a>,
    /// The value.
    pub value: Value<'a>,
    /// Since when it counts, in nanoseconds since the Unix epoch; 0 where that
    /// is the start of all.
    pub start_unix_nanos: u64,
}

/// The value of a point.
#[derive(Debug)]
pub enum Value<'a> {
    /// A whole number.
    Int(u64),
    /// Any number.
    Float(f64),
    /// A histogram, with requests that stand for the others of their bucket.
    Histogram(Histogram, &'a [Exemplar]),
}

impl Value<'_> {
    /// Whether nothing was counted.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Int(value) => *value == 0,
            Self::Float(value) => *value == 0.0,
            Self::Histogram(histogram, _) => histogram.count() == 0,
        }
    }
}

/// All families of a record, at this time.
pub fn families(record: &Record, naming: Naming, now: Now) -> Vec<Family<'_>> {
    let mut families = match naming {
        Naming::Prometheus => requests(record),
        Naming::OpenTelemetry => conventional_requests(record),
    };
    families.push(family(
        &metric::HTTP_REQUESTS_IN_PROGRESS,
        record
            .series()
            .iter()
            .map(|series| (labels(series), Value::Int(series.in_progress()))),
    ));
    families.extend(record.counters().map(|(name, value)| Family {
        name,
        kind: Kind::Counter,
        unit: "1",
        help: "A counter of the operator's configuration.",
        points: vec![Point {
            labels: Vec::new(),
            value: Value::Float(value),
            start_unix_nanos: 0,
        }],
    }));
    families.extend(own(record, now));
    families
}

fn family<'a>(
    metric: &Metric,
    points: impl IntoIterator<Item = (Labels<'a>, Value<'a>)>,
) -> Family<'a> {
    let points = points.into_iter();
    family_since(metric, points.map(|(labels, value)| (0, labels, value)))
}

/// A family whose points count since different times.
fn family_since<'a>(
    metric: &Metric,
    points: impl IntoIterator<Item = (u64, Labels<'a>, Value<'a>)>,
) -> Family<'a> {
    let points = points.into_iter();
    Family {
        name: metric.name,
        kind: metric.kind,
        unit: metric.unit,
        help: metric.help,
        points: points
            .map(|(start_unix_nanos, labels, value)| Point {
                labels,
                value,
                start_unix_nanos,
            })
            .collect(),
    }
}

fn labels(series: &Series) -> Labels<'_> {
    vec![
        (METHOD, Cow::Borrowed(series.method())),
        (ENDPOINT, Cow::Borrowed(&*series.route)),
    ]
}

fn requests(record: &Record) -> Vec<Family<'_>> {
    let mut statuses = Vec::new();
    let mut durations = Vec::new();
    let mut request_bytes = Vec::new();
    let mut response_bytes = Vec::new();
    let mut errors: BTreeMap<&str, u64> =
        names::error::TYPES.iter().map(|kind| (*kind, 0)).collect();
    errors.extend(record.gone_errors());
    for series in record.series() {
        let since = series.standing.start_unix_nanos;
        let mut by_status: BTreeMap<u16, u64> = BTreeMap::new();
        let mut all = Tally::default();
        for (outcome, tally) in series.finished.list() {
            let requests = tally.durations.count();
            let count = by_status.entry(outcome.status).or_default();
            *count = count.saturating_add(requests);
            if let Some(count) = outcome.error_type().and_then(|kind| errors.get_mut(kind)) {
                *count = count.saturating_add(requests);
            }
            all.add(tally);
        }
        for (status, count) in by_status {
            let outcome = Outcome {
                status,
                ..Outcome::default()
            };
            let mut labels = labels(series);
            labels.push((STATUS_CODE, Cow::Owned(outcome.status_label())));
            statuses.push((since, labels, Value::Int(count)));
        }
        if all.durations.count() > 0 {
            let exemplars = series.finished.exemplars();
            durations.push((
                since,
                labels(series),
                Value::Histogram(all.durations, exemplars),
            ));
            request_bytes.push((since, labels(series), Value::Int(all.request_bytes)));
            response_bytes.push((since, labels(series), Value::Int(all.response_bytes)));
        }
    }
    let errors = errors
        .into_iter()
        .map(|(kind, count)| (vec![(ERROR_TYPE, Cow::Borrowed(kind))], Value::Int(count)));
    vec![
        family_since(&metric::HTTP_REQUESTS, statuses),
        family_since(&metric::HTTP_REQUEST_DURATION, durations),
        family_since(&metric::HTTP_REQUEST_BYTES, request_bytes),
        family_since(&metric::HTTP_RESPONSE_BYTES, response_bytes),
        family(&metric::ERRORS, errors),
    ]
}

fn conventional_requests(record: &Record) -> Vec<Family<'_>> {
    const NO_BOUNDS: &[f64] = &[];
    let size = |requests: u64, bytes: u64| {
        let mut sizes = Histogram::new(NO_BOUNDS);
        sizes.merge(&[requests], bytes as f64);
        Value::Histogram(sizes, &[])
    };
    let mut durations = Vec::new();
    let mut requests = Vec::new();
    let mut responses = Vec::new();
    for series in record.series() {
        let since = series.standing.start_unix_nanos;
        // Exemplars are kept by series; the first outcome that has their
        // buckets shows them, and none does so twice.
        let mut exemplars = series.finished.exemplars();
        for (outcome, tally) in series.finished.list() {
            let attributes = attributes(series, outcome);
            let count = tally.durations.count();
            requests.push((since, attributes.clone(), size(count, tally.request_bytes)));
            responses.push((since, attributes.clone(), size(count, tally.response_bytes)));
            let shown = core::mem::take(&mut exemplars);
            let histogram = Value::Histogram(tally.durations.clone(), shown);
            durations.push((since, attributes, histogram));
        }
    }
    vec![
        family_since(&conventional::REQUEST_DURATION, durations),
        family_since(&conventional::REQUEST_BODY_SIZE, requests),
        family_since(&conventional::RESPONSE_BODY_SIZE, responses),
    ]
}

fn attributes<'a>(series: &'a Series, outcome: &Outcome) -> Labels<'a> {
    let mut attributes = vec![("http.request.method", Cow::Borrowed(series.method()))];
    let route = Some(&*series.route).filter(|route| !names::is_no_route(route));
    let status = (outcome.status > 0).then(|| Cow::Owned(outcome.status_label()));
    let optional = [
        ("url.scheme", outcome.scheme().map(Cow::Borrowed)),
        ("http.route", route.map(Cow::Borrowed)),
        ("http.response.status_code", status),
        ("error.type", outcome.error_attribute()),
        (
            "network.protocol.version",
            outcome.protocol_version().map(Cow::Borrowed),
        ),
    ];
    let there = optional.into_iter();
    attributes.extend(there.filter_map(|(key, value)| Some((key, value?))));
    attributes
}

fn own(record: &Record, now: Now) -> Vec<Family<'_>> {
    let ledger = &record.ledger;
    let (alive, oldest_nanos) = record.heartbeats(now.monotonic_nanos);
    let single = |metric, value| family(metric, [(Vec::new(), value)]);
    let count = |number: usize| Value::Int(u64::try_from(number).unwrap_or(u64::MAX));
    let version = Cow::Borrowed(env!("CARGO_PKG_VERSION"));
    let queued = record.queued();
    let spans = [
        &metric::SPANS_PRODUCED,
        &metric::SPANS_EXPORTED,
        &metric::SPANS_DROPPED,
        &metric::SPANS_QUEUED,
    ];
    let log_records = [
        &metric::LOG_RECORDS_PRODUCED,
        &metric::LOG_RECORDS_EXPORTED,
        &metric::LOG_RECORDS_DROPPED,
        &metric::LOG_RECORDS_QUEUED,
    ];
    let points = [
        &metric::POINTS_PRODUCED,
        &metric::POINTS_EXPORTED,
        &metric::POINTS_DROPPED,
        &metric::POINTS_QUEUED,
    ];
    let offenders = record.offenders.list().iter();
    let overflow = offenders.map(|(parent, requests)| {
        let prefix = redact::url(parent);
        (vec![(PREFIX, prefix.into())], Value::Int(*requests))
    });
    let mut families = Vec::new();
    families.extend(flow(spans, &ledger.spans, queued.spans));
    families.extend(flow(log_records, &ledger.log_records, queued.log_records));
    families.extend(flow(points, &ledger.metric_points, queued.metric_points));
    families.extend([
        single(
            &metric::LOGS_SAMPLED_OUT,
            Value::Int(ledger.logs_sampled_out),
        ),
        by(
            REASON,
            &metric::EXPORT_FAILURES,
            &FAILURES,
            &ledger.failures,
        ),
        family(&metric::EXPORT_LAG, lags(record, now)),
        single(&metric::SERIES, count(record.series().len())),
        single(&metric::SERIES_LIMIT, count(record.max_series)),
        single(&metric::SERIES_OVERFLOW, Value::Int(ledger.overflow)),
        family(&metric::SERIES_OVERFLOW_BY_PREFIX, overflow),
        single(&metric::VALUES_REJECTED, Value::Int(ledger.values_rejected)),
        by(RESULT, &metric::INGEST_REQUESTS, &RESULTS, &ledger.ingest),
        single(&metric::VMS, Value::Int(alive)),
        single(&metric::VMS_LOST, Value::Int(ledger.workers_lost)),
        single(&metric::VMS_MISSING, Value::Int(record.missing())),
        single(
            &metric::HEARTBEAT_AGE,
            Value::Float(oldest_nanos as f64 / 1e9),
        ),
        family(&metric::PROBE_UP, probes(record)),
        family(
            &metric::BUILD_INFO,
            [(vec![(VERSION, version)], Value::Int(1))],
        ),
    ]);
    families
}

fn probes(record: &Record) -> impl Iterator<Item = (Labels<'_>, Value<'_>)> {
    record.findings().iter().map(|finding| {
        let labels = vec![(PROBE, Cow::Borrowed(&*finding.name))];
        let is_good = finding.outcome.reason().is_none();
        (labels, Value::Int(u64::from(is_good)))
    })
}

/// Nothing where nobody exports: nothing is late then.
fn lags(record: &Record, now: Now) -> Vec<(Labels<'static>, Value<'static>)> {
    let lags = names::signal::ALL
        .into_iter()
        .zip(record.lags(now.unix_nanos));
    let lags = lags.filter(|_| record.is_exported());
    lags.map(|(signal, nanos)| {
        let labels = vec![(SIGNAL, Cow::Borrowed(signal))];
        (labels, Value::Float(nanos as f64 / 1e9))
    })
    .collect()
}

/// Produced is always exported + dropped + queued.
fn flow(metrics: [&Metric; 4], flow: &Flow, queued: u64) -> [Family<'static>; 4] {
    let [produced, exported, dropped, waiting] = metrics;
    let single = |metric, value| family(metric, [(Vec::new(), Value::Int(value))]);
    [
        single(produced, flow.produced),
        single(exported, flow.exported),
        by(REASON, dropped, &DROPS, &flow.dropped),
        single(waiting, queued),
    ]
}

/// One point for each value of a label.
fn by(
    label: &'static str,
    metric: &Metric,
    values: &[&'static str],
    counts: &[u64],
) -> Family<'static> {
    let points = values.iter().zip(counts);
    family(
        metric,
        points.map(|(value, count)| {
            let labels = vec![(label, Cow::Borrowed(*value))];
            (labels, Value::Int(*count))
        }),
    )
}
