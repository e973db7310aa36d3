//! What one worker counts of its requests, by method, route and status, since
//! it last published. A series keeps its number as long as anything refers to
//! it, so that a request ends where it began; how many there are is bounded.

mod places;

use crate::governor::Offenders;
use crate::outcome::{Finished, Tallies};
use crate::session::Origin;
use places::Names;
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
    /// Where the route's name comes from.
    pub origin: Origin,
    /// Whether the name was earned in a crowded place.
    pub is_earned: bool,
    /// Requests that have begun and not ended, in this worker.
    pub in_progress: u64,
    /// Requests that have ended since the last publishing.
    pub finished: Tallies,
}

/// How many series there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In all, by method and route. Templates always have a place.
    pub series: usize,
    /// Names made of segments below one parent.
    pub siblings: usize,
    /// A series without requests for so long goes.
    pub idle_nanos: u64,
}

impl Limits {
    /// No limit.
    pub const NONE: Self = Self {
        series: usize::MAX,
        siblings: usize::MAX,
        idle_nanos: u64::MAX,
    };
}

/// All series of a worker.
#[derive(Debug, Default)]
pub struct Red {
    series: Vec<Series>,
    by_route: BTreeMap<Rc<str>, [Option<usize>; METHODS]>,
    /// The names that all workers know, and the new ones.
    names: Names,
    /// Requests counted under `_other`, since the last publishing.
    overflow: u64,
    /// The parents of their routes.
    offenders: Offenders,
    /// Counters of the operator, since the last publishing.
    counters: BTreeMap<Rc<str>, f64>,
}

impl Red {
    fn find(&self, method: usize, route: &str) -> Option<usize> {
        *self.by_route.get(route)?.get(method)?
    }

    fn add(&mut self, method: usize, route: &str, origin: Origin, is_earned: bool) -> usize {
        let known = self.by_route.get_key_value(route);
        let route = known.map_or_else(|| Rc::from(route), |(route, _)| Rc::clone(route));
        let number = self.names.free.pop().unwrap_or(self.series.len());
        let methods = self.by_route.entry(Rc::clone(&route)).or_default();
        if let Some(place) = methods.get_mut(method) {
            *place = Some(number);
        }
        let series = Series {
            method,
            route,
            origin,
            is_earned,
            in_progress: 0,
            finished: Tallies::default(),
        };
        match self.series.get_mut(number) {
            Some(free) => *free = series,
            None => self.series.push(series),
        }
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

    /// The series of a GET that has this name.
    #[cfg(test)]
    pub(crate) fn by_name(&self, route: &str) -> Option<usize> {
        self.find(0, route)
    }

    /// All series, in the order of their numbers. Some may be free.
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

    /// The parents of routes that were counted under `_other`.
    pub fn offenders(&self) -> &Offenders {
        &self.offenders
    }

    /// What was counted is published: counting starts again at zero. Requests
    /// in progress are.
    pub fn published(&mut self) {
        self.overflow = 0;
        self.offenders.clear();
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
    use crate::record::Record;
    use crate::session::Route;
    use std::borrow::Cow;

    fn finished(status: Option<u16>) -> Finished {
        Finished {
            outcome: Outcome::new(status, 0),
            ..Finished::default()
        }
    }

    const LIMITS: Limits = Limits {
        series: 20,
        ..Limits::NONE
    };

    fn route(name: &str, is_template: bool) -> Route<'_> {
        let name = Cow::Borrowed(name);
        let origin = match is_template {
            true => Origin::Template,
            false => Origin::Segments,
        };
        Route { name, origin }
    }

    #[test]
    fn a_request_ends_where_it_began() {
        let mut red = Red::default();
        let first = red.series_of(b"GET", &route("/a", true), &LIMITS);
        let second = red.series_of(b"POST", &route("/a", true), &LIMITS);
        assert_eq!(red.series_of(b"GET", &route("/a", true), &LIMITS), first);
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
            let series = red.series_of(b"GET", &route(&name, false), &LIMITS);
            red.count(series, &finished(Some(404)));
        }
        let template = red.series_of(b"GET", &route("/real", true), &LIMITS);
        red.count(template, &finished(Some(200)));
        assert_eq!(
            red.all().len(),
            10 + 2,
            "half of the budget, _other and the template"
        );
        assert_eq!(red.overflow(), 10_000 - 10);
        assert_eq!(&*red.get(template).unwrap().route, "/real");
        let counted = red.all().iter().map(|series| series.finished.requests());
        assert_eq!(counted.sum::<u64>(), 10_001);
    }

    #[test]
    fn a_number_is_given_again_only_when_nothing_refers_to_it() {
        let mut red = Red::default();
        let place = |red: &mut Red, name| red.series_of(b"GET", &route(name, false), &LIMITS);
        let under_way = place(&mut red, "/under-way");
        red.begin(under_way);
        let over = place(&mut red, "/over");
        red.published();
        // The record knows none of the names.
        let mut record = Record::new(0, [0; 16]);
        record.max_series = LIMITS.series;
        red.settle(&record);
        assert_eq!(place(&mut red, "/next"), over);
        let more = place(&mut red, "/more");
        assert!(![under_way, over].contains(&more));
        assert_eq!(&*red.get(under_way).unwrap().route, "/under-way");
        red.end(under_way, &finished(Some(200)));
        red.published();
        red.settle(&record);
        let free = ["/a", "/b", "/c"].map(|name| place(&mut red, name));
        assert!(free.iter().all(|number| *number < 3), "{free:?}");
        assert_eq!(red.all().len(), 3);
    }
}
