//! What a worker counted, as increments of the proxy's own statistics, so that
//! Envoy's `/stats/prometheus` shows it too. proxy-wasm knows no labels: they
//! stand in the name, `http_requests_total|method=GET|…`, and tags of Envoy's
//! bootstrap (`stats_tags.yaml`) turn them into labels. Envoy's statistics are
//! whole numbers: what is none is carried over until it is. They are never
//! freed, so there is a bound on how many this worker ever makes.

use crate::record::Record;
use crate::red::{Red, Series, method_name};
use crate::session::Origin;
use sightline_core::histogram::SECONDS_LABELS;
use sightline_core::metric;
use sightline_core::names::{self, ENDPOINT, ERROR_TYPE, METHOD, STATUS_CODE};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What kind of statistic it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// It only grows.
    Counter = 0,
    /// It goes up and down.
    Gauge = 1,
}

/// A statistic and what to add to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Increment {
    /// The kind.
    pub kind: Kind,
    /// The name, with its labels.
    pub name: String,
    /// What to add; not zero.
    pub more: i64,
}

/// What waits to be added to the proxy's statistics.
#[derive(Debug, Default)]
pub struct EnvoyStats {
    /// Pairs of method and route that have statistics.
    known: BTreeSet<(usize, Rc<str>)>,
    counters: BTreeMap<String, f64>,
    /// What is in progress, and what the proxy was told.
    gauges: BTreeMap<String, (u64, u64)>,
    /// Whether anything changed since the last draining.
    has_changed: bool,
}

impl EnvoyStats {
    /// Takes what was counted since the last publishing, before it is cleared.
    pub fn take(&mut self, red: &Red, record: &Record) {
        self.has_changed = true;
        self.gauges.values_mut().for_each(|(now, _)| *now = 0);
        for series in red.all() {
            let key = (series.method, Rc::clone(&series.route));
            let is_idle = series.finished.is_empty() && series.in_progress == 0;
            if is_idle && !self.known.contains(&key) {
                continue;
            }
            let is_template = series.origin == Origin::Template;
            let has_name = record.has_name(&series.route, series.method);
            let has_room = has_name && self.known.len() < record.max_series;
            let has_place = is_template || has_room;
            let route = if self.known.contains(&key) || has_place {
                self.known.insert(key);
                &*series.route
            } else {
                names::OTHER
            };
            self.take_series(series, route);
        }
        for (name, more) in red.counters() {
            *self.counters.entry(name.to_owned()).or_default() += more;
        }
    }

    fn take_series(&mut self, series: &Series, route: &str) {
        let labels = labels(method_name(series.method), route);
        let gauge = [metric::HTTP_REQUESTS_IN_PROGRESS.name, &labels].concat();
        let (now, _) = self.gauges.entry(gauge).or_default();
        *now = now.saturating_add(series.in_progress);
        let mut add = |name: &[&str], more: f64| {
            if more > 0.0 {
                *self.counters.entry(name.concat()).or_default() += more;
            }
        };
        let duration = metric::HTTP_REQUEST_DURATION.name;
        for (outcome, tally) in series.finished.list() {
            let requests = tally.durations.count() as f64;
            let status = ["|", STATUS_CODE, "=", &outcome.status_label()].concat();
            add(&[metric::HTTP_REQUESTS.name, &labels, &status], requests);
            if let Some(kind) = outcome.error_type() {
                let name = [metric::ERRORS.name, "|", ERROR_TYPE, "=", kind];
                add(&name, requests);
            }
            let mut below = 0u64;
            let bounds = SECONDS_LABELS.iter().chain(&["+Inf"]);
            for (bound, count) in bounds.zip(tally.durations.counts()) {
                below = below.saturating_add(*count);
                add(&[duration, "_bucket", &labels, "|le=", bound], below as f64);
            }
            add(&[duration, "_count", &labels], requests);
            add(&[duration, "_sum", &labels], tally.durations.sum());
            for (metric, bytes) in [
                (metric::HTTP_REQUEST_BYTES, tally.request_bytes),
                (metric::HTTP_RESPONSE_BYTES, tally.response_bytes),
            ] {
                add(&[metric.name, &labels], bytes as f64);
            }
        }
    }

    /// What to add now. Fractions stay.
    pub fn drain(&mut self) -> Vec<Increment> {
        let mut increments = Vec::new();
        if !core::mem::take(&mut self.has_changed) {
            return increments;
        }
        for (name, waiting) in &mut self.counters {
            let whole = waiting.floor();
            if whole >= 1.0 {
                *waiting -= whole;
                increments.push(Increment {
                    kind: Kind::Counter,
                    name: name.clone(),
                    more: whole as i64,
                });
            }
        }
        for (name, (now, told)) in &mut self.gauges {
            let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let more = signed(*now).saturating_sub(signed(*told));
            *told = *now;
            if more != 0 {
                increments.push(Increment {
                    kind: Kind::Gauge,
                    name: name.clone(),
                    more,
                });
            }
        }
        increments
    }

    /// The worker ends: nothing is in progress any more.
    pub fn leave(&mut self) {
        self.has_changed = true;
        self.gauges.values_mut().for_each(|(now, _)| *now = 0);
    }
}

fn labels(method: &str, route: &str) -> String {
    // A bar would end the value.
    let route = route.replace('|', "%7C");
    ["|", METHOD, "=", method, "|", ENDPOINT, "=", &route].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use crate::record::Contribution;
    use crate::record::tests::{contribution, finished};
    use crate::red::Limits;
    use crate::session::Route;
    use std::borrow::Cow;

    fn series(red: &mut Red, name: &str) -> usize {
        let name = Cow::Borrowed(name);
        let route = Route {
            name,
            origin: Origin::Segments,
        };
        red.series_of(b"GET", &route, &Limits::NONE)
    }

    fn take(stats: &mut EnvoyStats, red: &Red) {
        let mut record = Record::new(0, [0; 16]);
        let limits = Limits {
            series: 10,
            ..Limits::NONE
        };
        record.add(&Contribution {
            limits,
            ..contribution(1, red, &Ledger::default())
        });
        stats.take(red, &record);
    }

    fn told(stats: &mut EnvoyStats) -> BTreeMap<String, i64> {
        let increments = stats.drain().into_iter();
        increments.map(|one| (one.name, one.more)).collect()
    }

    #[test]
    fn increments_are_whole_and_nothing_is_lost_between_them() {
        let mut red = Red::default();
        let mut stats = EnvoyStats::default();
        let place = series(&mut red, "/a|b");
        let mut sum = 0;
        for _ in 0..4 {
            red.begin(place);
            red.end(place, &finished(Some(503), 400_000_000));
            take(&mut stats, &red);
            red.published();
            let told = told(&mut stats);
            let labels = "|method=GET|endpoint=/a%7Cb";
            assert_eq!(
                told[&format!("http_requests_total{labels}|status_code=503")],
                1
            );
            assert_eq!(told["errors_total|type=5xx"], 1);
            assert_eq!(
                told[&format!("http_request_duration_seconds_bucket{labels}|le=0.5")],
                1
            );
            assert_eq!(
                told[&format!("http_request_duration_seconds_bucket{labels}|le=+Inf")],
                1
            );
            let below = format!("http_request_duration_seconds_bucket{labels}|le=0.25");
            assert_eq!(told.get(&below), None);
            let name = format!("http_request_duration_seconds_sum{labels}");
            sum += told.get(&name).copied().unwrap_or_default();
        }
        assert_eq!(sum, 1, "of 1.6 seconds, the rest waits");
    }

    #[test]
    fn a_gauge_is_told_its_changes() {
        let mut red = Red::default();
        let mut stats = EnvoyStats::default();
        let place = series(&mut red, "/a");
        red.begin(place);
        red.begin(place);
        let name = "http_requests_in_progress|method=GET|endpoint=/a";
        take(&mut stats, &red);
        assert_eq!(told(&mut stats).get(name), Some(&2));
        take(&mut stats, &red);
        assert_eq!(told(&mut stats).get(name), None);
        red.end(place, &finished(None, 1));
        take(&mut stats, &red);
        assert_eq!(told(&mut stats).get(name), Some(&-1));
        stats.leave();
        assert_eq!(told(&mut stats).get(name), Some(&-1));
    }

    #[test]
    fn statistics_are_bounded_for_good() {
        let mut stats = EnvoyStats::default();
        let mut names = BTreeSet::new();
        let mut requests = 0;
        for at in 0..50 {
            let mut red = Red::default();
            let place = series(&mut red, &format!("/{at}"));
            red.count(place, &finished(Some(200), 1));
            take(&mut stats, &red);
            for increment in stats.drain() {
                if increment.name.starts_with("http_requests_total") {
                    requests += increment.more;
                    names.insert(increment.name);
                }
            }
        }
        assert_eq!((names.len(), requests), (10 + 1, 50), "ten and _other");
    }
}
