//! What one worker counts of its requests, by method, route and status, since
//! it last published. A series, once there, keeps its number, so that a
//! request ends where it began; how many there are is bounded.

use crate::outcome::{Finished, Tallies};
use crate::session::Route;
use sightline_core::names;
use std::collections::BTreeMap;
use std::rc::Rc;

const METHODS: usize = names::KNOWN_METHODS.len() + 1;

/// Position of a method label among all of them; the last is `_OTHER`.
pub fn method_number(method: &[u8]) -> usize {
    let known = names::KNOWN_METHODS.iter();
    known.take_while(|known| known.as_bytes() != method).count()
}

/// The method label at a position.
pub fn method_name(number: usize) -> &'static str {
    let known = names::KNOWN_METHODS.get(number);
    known.copied().unwrap_or(names::METHOD_OTHER)
}

/// The requests of one method and route.
#[derive(Debug)]
pub struct Series {
    /// Position of the method.
    pub method: usize,
    /// The route.
    pub route: Rc<str>,
    /// Whether the operator named the route: it is never turned away.
    pub is_template: bool,
    /// Requests that have begun and not ended, in this worker.
    pub in_progress: u64,
    /// Requests that have ended since the last publishing.
    pub finished: Tallies,
}

/// All series of a worker.
#[derive(Debug, Default)]
pub struct Red {
    series: Vec<Series>,
    by_route: BTreeMap<Rc<str>, [Option<usize>; METHODS]>,
    /// Requests counted under `_other`, since the last publishing.
    overflow: u64,
    /// Counters of the operator, since the last publishing.
    counters: BTreeMap<Rc<str>, f64>,
}

impl Red {
    /// The series of this method and route; the one of `_other` where the
    /// budget of `max_series` is used up.
    pub fn series_of(&mut self, method: &[u8], route: &Route<'_>, max_series: usize) -> usize {
        let method = method_number(method);
        if let Some(series) = self.find(method, &route.name) {
            return series;
        }
        if self.series.len() < max_series || route.is_template {
            return self.add(method, &route.name, route.is_template);
        }
        self.overflow = self.overflow.saturating_add(1);
        match self.find(method, names::OTHER) {
            Some(series) => series,
            None => self.add(method, names::OTHER, true),
        }
    }

    fn find(&self, method: usize, route: &str) -> Option<usize> {
        *self.by_route.get(route)?.get(method)?
    }

    fn add(&mut self, method: usize, route: &str, is_template: bool) -> usize {
        let known = self.by_route.get_key_value(route);
        let route = known.map_or_else(|| Rc::from(route), |(route, _)| Rc::clone(route));
        let number = self.series.len();
        let methods = self.by_route.entry(Rc::clone(&route)).or_default();
        if let Some(place) = methods.get_mut(method) {
            *place = Some(number);
        }
        self.series.push(Series {
            method,
            route,
            is_template,
            in_progress: 0,
            finished: Tallies::default(),
        });
        number
    }

    /// A request begins.
    pub fn begin(&mut self, series: usize) {
        if let Some(series) = self.series.get_mut(series) {
            series.in_progress = series.in_progress.saturating_add(1);
        }
    }

    /// A request that began has ended.
    pub fn end(&mut self, series: usize, request: &Finished) {
        if let Some(series) = self.series.get_mut(series) {
            series.in_progress = series.in_progress.saturating_sub(1);
        }
        self.count(series, request);
    }

    /// A request that was never seen to begin has ended.
    pub fn count(&mut self, series: usize, request: &Finished) {
        if let Some(series) = self.series.get_mut(series) {
            series.finished.count(request);
        }
    }

    /// All series, in the order of their numbers.
    pub fn all(&self) -> &[Series] {
        &self.series
    }

    /// The series of this number.
    pub fn get(&self, series: usize) -> Option<&Series> {
        self.series.get(series)
    }

    /// Adds to a counter of the operator.
    pub fn add_to_counter(&mut self, name: &str, more: f64) {
        match self.counters.get_mut(name) {
            Some(sum) => *sum += more,
            None => drop(self.counters.insert(Rc::from(name), more)),
        }
    }

    /// The counters of the operator that were added to.
    pub fn counters(&self) -> impl Iterator<Item = (&str, f64)> {
        self.counters.iter().map(|(name, sum)| (&**name, *sum))
    }

    /// Requests counted under `_other` since the last publishing.
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// What was counted is published: counting starts again at zero. Requests
    /// in progress are.
    pub fn published(&mut self) {
        self.overflow = 0;
        self.counters.clear();
        for series in &mut self.series {
            series.finished.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use std::borrow::Cow;

    fn finished(status: Option<u16>) -> Finished {
        Finished {
            outcome: Outcome::new(status, 0),
            ..Finished::default()
        }
    }

    fn route(name: &str, is_template: bool) -> Route<'_> {
        let name = Cow::Borrowed(name);
        Route { name, is_template }
    }

    #[test]
    fn a_request_ends_where_it_began() {
        let mut red = Red::default();
        let first = red.series_of(b"GET", &route("/a", true), 10);
        let second = red.series_of(b"POST", &route("/a", true), 10);
        assert_eq!(red.series_of(b"GET", &route("/a", true), 10), first);
        red.begin(first);
        red.begin(second);
        red.end(first, &finished(Some(200)));
        red.published();
        red.end(second, &finished(None));
        let [one, two] = red.all() else {
            panic!("two series")
        };
        assert_eq!((one.in_progress, two.in_progress), (0, 0));
        assert!(one.finished.is_empty());
        assert_eq!(two.finished.list()[0].0.status, 0, "no response");
    }

    #[test]
    fn methods_have_numbers_that_name_them() {
        for method in names::KNOWN_METHODS {
            assert_eq!(method_name(method_number(method.as_bytes())), method);
        }
        assert_eq!(method_name(method_number(b"BREW")), names::METHOD_OTHER);
        assert_eq!(method_number(b"BREW"), METHODS - 1);
    }

    #[test]
    fn made_up_paths_leave_memory_flat_and_templates_intact() {
        let mut red = Red::default();
        for at in 0..10_000 {
            let name = format!("/made-up-{at}");
            let series = red.series_of(b"GET", &route(&name, false), 20);
            red.count(series, &finished(Some(404)));
        }
        let template = red.series_of(b"GET", &route("/real", true), 20);
        red.count(template, &finished(Some(200)));
        assert_eq!(
            red.all().len(),
            20 + 2,
            "the budget, _other and the template"
        );
        assert_eq!(red.overflow(), 10_000 - 20);
        assert_eq!(&*red.get(template).unwrap().route, "/real");
        let counted = red.all().iter().map(|series| series.finished.requests());
        assert_eq!(counted.sum::<u64>(), 10_001);
    }
}
