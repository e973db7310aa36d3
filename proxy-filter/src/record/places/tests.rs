//! Several workers and the record where they meet, under requests for paths
//! that are real, many, or made up.

mod flood;

use super::*;
use crate::ledger::Ledger;
use crate::record::tests::{contribution, finished};
use crate::red::{Limits, Red};
use crate::session::Route;
use proptest::prelude::*;
use sightline_core::route::infer;

const LIMITS: Limits = Limits {
    series: 1000,
    siblings: 64,
    idle_nanos: 3_600_000_000_000,
};
/// An edge with as many workers as it has `reds`; a second passes with each
/// publishing.
struct Edge {
    reds: Vec<Red>,
    record: Record,
    seconds: u64,
    next: usize,
    limits: Limits,
    /// What each series last showed, and since when it counts.
    shown: BTreeMap<Box<str>, (u64, u64)>,
    /// What series that went had counted.
    gone: u64,
}

impl Edge {
    fn new(workers: usize) -> Self {
        Self {
            reds: (0..workers).map(|_| Red::default()).collect(),
            record: Record::new(0, [0; 16]),
            seconds: 0,
            next: 0,
            limits: LIMITS,
            shown: BTreeMap::new(),
            gone: 0,
        }
    }

    fn begin(&mut self, worker: usize, path: &str, origin: Origin) -> usize {
        let name = infer(path);
        let route = Route {
            name: name.into(),
            origin,
        };
        let series = self.reds[worker].series_of(b"GET", &route, &self.limits);
        self.reds[worker].begin(series);
        series
    }

    /// A request to the next worker.
    fn request(&mut self, path: &str) {
        let worker = self.next % self.reds.len();
        self.next += 1;
        let series = self.begin(worker, path, Origin::Segments);
        self.reds[worker].end(series, &finished(Some(200), 1_000_000));
    }

    fn publish(&mut self) {
        self.seconds += 1;
        for worker in 0..self.reds.len() {
            self.publish_one(worker);
        }
    }

    fn publish_one(&mut self, worker: usize) {
        let red = &mut self.reds[worker];
        self.record.add(&Contribution {
            now_nanos: self.seconds * 1_000_000_000,
            unix_nanos: self.seconds,
            limits: self.limits,
            ..contribution(worker as u64 + 1, red, &Ledger::default())
        });
        red.published();
        red.settle(&self.record);
        let series = self.record.series.iter();
        let now: BTreeMap<_, _> = series
            .map(|series| {
                (
                    series.route.clone(),
                    (series.requests(), series.standing.start_unix_nanos),
                )
            })
            .collect();
        for (route, (count, start)) in &self.shown {
            match now.get(route) {
                Some((now, since)) if since == start => assert!(now >= count, "{route} went back"),
                _ => self.gone += count,
            }
        }
        self.shown = now;
    }

    fn count(&self, route: &str) -> u64 {
        let found = self.record.place_of(route, 0).ok();
        found.map_or(0, |at| self.record.series[at].requests())
    }

    /// All that was ever counted.
    fn total(&self) -> u64 {
        let counts = self.record.series.iter().map(Series::requests);
        counts.sum::<u64>() + self.gone
    }

    fn in_progress(&self) -> u64 {
        self.record.series.iter().map(Series::in_progress).sum()
    }

    fn is_bounded(&self) {
        let most = self.limits.series;
        assert!(
            self.record.series.len() <= most + 1,
            "the budget and _other"
        );
        assert!(self.record.to_bytes().len() < 200 * most);
        for red in &self.reds {
            assert!(red.all().len() <= 2 * most, "{} series", red.all().len());
        }
        assert!(self.record.names().len() <= 8 * most);
    }
}

/// Names of letters only, which no segment rule catches.
fn word(mut at: u64) -> String {
    let mut word = String::from("w");
    while at > 0 {
        word.push(char::from(b'a' + (at % 26) as u8));
        at /= 26;
    }
    word
}

#[test]
fn a_place_with_too_many_siblings_collapses_the_same_for_all_workers() {
    let mut edge = Edge::new(4);
    for round in 0..20 {
        for at in 0..1000 {
            edge.request(&format!("/users/{}", word(at)));
            edge.request(&format!("/users/{}/orders", word(at)));
        }
        edge.request("/cart");
        edge.publish();
        if round == 0 {
            assert!(edge.count("/users/{any}") > 0, "in the first second");
        }
    }
    assert_eq!(edge.total(), 20 * 2001);
    assert_eq!(edge.count("/cart"), 20);
    let open: Vec<_> = edge
        .record
        .series
        .iter()
        .filter(|series| series.is_name())
        .collect();
    let open: Vec<_> = open.iter().map(|series| &*series.route).collect();
    assert_eq!(open, ["/cart", "/users/{any}", "/users/{any}/orders"]);
    let before = edge.count("/users/{any}");
    for worker in 0..4 {
        let series = edge.begin(worker, "/users/somebody-else", Origin::Segments);
        assert_eq!(
            &*edge.reds[worker].get(series).unwrap().route,
            "/users/{any}"
        );
        edge.reds[worker].end(series, &finished(Some(200), 1));
    }
    edge.publish();
    assert_eq!(edge.count("/users/{any}"), before + 4);
}

#[test]
fn templates_never_give_way() {
    let mut edge = Edge::new(1);
    edge.limits.series = 10;
    for at in 0..1000 {
        edge.request(&format!("/users/{}", word(at)));
        if at % 100 == 0 {
            edge.publish();
        }
    }
    for at in 0..100 {
        let series = edge.begin(0, &format!("/users/t{}", word(at)), Origin::Template);
        edge.reds[0].end(series, &finished(Some(200), 1));
    }
    edge.publish();
    for at in 0..100 {
        assert_eq!(edge.count(&format!("/users/t{}", word(at))), 1);
    }
}

#[test]
fn who_is_asked_for_often_earns_a_name_in_a_crowded_place() {
    let mut edge = Edge::new(1);
    for at in 0..1000 {
        edge.request(&format!("/{}", word(at)));
    }
    edge.publish();
    for _ in 0..100 {
        edge.request("/cart");
    }
    edge.publish();
    assert_eq!(edge.count("/cart"), 100 - EARNED_REQUESTS + 1);
    for _ in 0..5 {
        edge.request("/cart");
    }
    edge.publish();
    assert_eq!(edge.count("/cart"), 105 - EARNED_REQUESTS + 1);
}

#[test]
fn idle_series_go_and_come_back_as_new_ones() {
    let mut edge = Edge::new(2);
    edge.request("/a");
    edge.request("/a");
    edge.request("/b");
    edge.publish();
    assert_eq!(edge.record.series[0].standing.start_unix_nanos, 0);
    edge.seconds = 3601;
    edge.next = 0;
    edge.request("/b");
    edge.publish();
    assert_eq!(
        (edge.count("/a"), edge.count("/b")),
        (0, 2),
        "an hour and a second"
    );
    assert!(
        edge.reds.iter().all(|red| red.by_name("/a").is_none()),
        "here, too"
    );
    edge.publish();
    edge.request("/a");
    edge.publish();
    assert_eq!(edge.count("/a"), 1);
    let started = |edge: &Edge, route: &str| {
        edge.record.series[edge.record.place_of(route, 0).unwrap()]
            .standing
            .start_unix_nanos
    };
    assert_eq!(started(&edge, "/a"), 3602, "since it went");
    assert_eq!(started(&edge, "/b"), 0);
}

#[test]
fn a_request_under_way_keeps_its_series_alive() {
    let mut edge = Edge::new(2);
    let series = edge.begin(0, "/slow", Origin::Segments);
    edge.publish();
    // Its worker publishes no more; the other one does.
    edge.seconds = 10_000;
    edge.publish_one(1);
    edge.reds[0].end(series, &finished(Some(200), 1));
    edge.publish();
    assert_eq!(edge.count("/slow"), 1);
    assert_eq!(edge.record.series[0].in_progress(), 0);
}

#[test]
fn a_place_is_open_again_when_nobody_has_shared_its_name_for_long() {
    let mut edge = Edge::new(1);
    for at in 0..100 {
        edge.request(&format!("/users/{}", word(at)));
    }
    edge.publish();
    edge.seconds = 4000;
    edge.publish();
    assert_eq!(edge.record.series.len(), 0);
    edge.request("/users/ada");
    edge.publish();
    assert_eq!(edge.count("/users/ada"), 1);
}

#[test]
fn the_parents_of_what_found_no_room_are_named() {
    let mut edge = Edge::new(2);
    edge.limits.series = 30;
    for at in 0..5000 {
        edge.request(&format!("/users/{}", word(at)));
        if at % 5 == 0 {
            edge.request(&format!("/search/{}/x", word(at)));
        }
        if at % 100 == 0 {
            edge.publish();
        }
    }
    edge.publish();
    let mut worst = edge.record.offenders.list().to_vec();
    worst.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    assert_eq!((&*worst[0].0, &*worst[1].0), ("/users", "/search"));
    let counted: u64 = worst.iter().map(|(_, count)| count).sum();
    let overflow: u64 = edge.count(names::OTHER);
    assert_eq!(counted, overflow);
}

proptest! {
    /// Whatever happens in whichever order, each request is counted once and
    /// ends where it began, and a count that is shown never gets smaller.
    #[test]
    fn every_request_counts_once(
        steps in proptest::collection::vec((0u8..8, 0usize..3, 0u64..40), 1..400),
    ) {
        let mut edge = Edge::new(3);
        edge.limits = Limits { series: 12, siblings: 3, idle_nanos: 400_000_000_000 };
        let mut under_way: Vec<(usize, usize)> = Vec::new();
        let mut ended = 0;
        for (what, worker, at) in steps {
            match what {
                0..=3 => {
                    let path = ["/", "/a/", "/a/b/", "/c/"][what as usize].to_owned() + &word(at);
                    let origin = if at == 7 { Origin::Template } else { Origin::Segments };
                    let series = edge.begin(worker, &path, origin);
                    under_way.push((worker, series));
                }
                4 | 5 if !under_way.is_empty() => {
                    let (worker, series) = under_way.swap_remove(at as usize % under_way.len());
                    edge.reds[worker].end(series, &finished(Some(200), 1));
                    ended += 1;
                }
                6 => edge.seconds += at * 20,
                _ => {
                    edge.seconds += 1;
                    edge.publish_one(worker);
                }
            }
        }
        edge.publish();
        prop_assert_eq!(edge.in_progress(), under_way.len() as u64);
        for (worker, series) in under_way {
            edge.reds[worker].end(series, &finished(Some(200), 1));
            ended += 1;
        }
        edge.publish();
        prop_assert_eq!(edge.in_progress(), 0);
        prop_assert_eq!(edge.total(), ended);
        for red in &edge.reds {
            prop_assert!(red.all().iter().all(|series| series.in_progress == 0));
        }
    }
}
