//! What one worker counts of its requests, by method, route and status, since
//! it last published. A series, once there, keeps its number, so that a
//! request ends where it began; how many there are is bounded.

use crate::session::{Origin, Route};
use sightline_core::histogram::{Histogram, SECONDS_BOUNDS};
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
    /// Requests that have begun and not ended, in this worker.
    pub in_progress: u64,
    /// Finished requests by status, since the last publishing.
    pub statuses: Vec<(u16, u64)>,
    /// Their durations in seconds.
    pub durations: Histogram,
}

/// All series of a worker.
#[derive(Debug, Default)]
pub struct Red {
    series: Vec<Series>,
    by_route: BTreeMap<Rc<str>, [Option<usize>; METHODS]>,
    /// Requests counted under `_other`, since the last publishing.
    overflow: u64,
}

impl Red {
    /// The series of this method and route; the one of `_other` where the
    /// budget of `max_series` is used up.
    pub fn series_of(&mut self, method: &[u8], route: &Route<'_>, max_series: usize) -> usize {
        let method = method_number(method);
        if let Some(series) = self.find(method, &route.name) {
            return series;
        }
        if self.series.len() < max_series || route.origin == Origin::Template {
            return self.add(method, &route.name, route.origin);
        }
        self.overflow = self.overflow.saturating_add(1);
        match self.find(method, names::OTHER) {
            Some(series) => series,
            None => self.add(method, names::OTHER, Origin::Template),
        }
    }

    fn find(&self, method: usize, route: &str) -> Option<usize> {
        *self.by_route.get(route)?.get(method)?
    }

    fn add(&mut self, method: usize, route: &str, origin: Origin) -> usize {
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
            origin,
            in_progress: 0,
            statuses: Vec::new(),
            durations: Histogram::new(&SECONDS_BOUNDS),
        });
        number
    }

    /// A request begins.
    pub fn begin(&mut self, series: usize) {
        if let Some(series) = self.series.get_mut(series) {
            series.in_progress = series.in_progress.saturating_add(1);
        }
    }

    /// A request that began has ended. No status means that no response was sent.
    pub fn end(&mut self, series: usize, status: Option<u16>, duration_nanos: u64) {
        if let Some(series) = self.series.get_mut(series) {
            series.in_progress = series.in_progress.saturating_sub(1);
        }
        self.count(series, status, duration_nanos);
    }

    /// A request that was never seen to begin has ended.
    pub fn count(&mut self, series: usize, status: Option<u16>, duration_nanos: u64) {
        let Some(series) = self.series.get_mut(series) else {
            return;
        };
        add_to(&mut series.statuses, status.unwrap_or_default(), 1);
        series.durations.record(duration_nanos as f64 / 1e9);
    }

    /// All series, in the order of their numbers.
    pub fn all(&self) -> &[Series] {
        &self.series
    }

    /// The series of this number.
    pub fn get(&self, series: usize) -> Option<&Series> {
        self.series.get(series)
    }

    /// Requests counted under `_other` since the last publishing.
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// What was counted is published: counting starts again at zero. Requests
    /// in progress are.
    pub fn published(&mut self) {
        self.overflow = 0;
        for series in self
            .series
            .iter_mut()
            .filter(|series| !series.statuses.is_empty())
        {
            series.statuses.clear();
            series.durations = Histogram::new(&SECONDS_BOUNDS);
        }
    }
}

/// Adds to the count of a status.
pub fn add_to(statuses: &mut Vec<(u16, u64)>, status: u16, more: u64) {
    match statuses.iter_mut().find(|(known, _)| *known == status) {
        Some((_, count)) => *count = count.saturating_add(more),
        None => statuses.push((status, more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

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
        let first = red.series_of(b"GET", &route("/a", true), 10);
        let second = red.series_of(b"POST", &route("/a", true), 10);
        assert_eq!(red.series_of(b"GET", &route("/a", true), 10), first);
        red.begin(first);
        red.begin(second);
        red.end(first, Some(200), 7_000_000);
        red.published();
        red.end(second, None, 1);
        let [one, two] = red.all() else {
            panic!("two series")
        };
        assert_eq!((one.in_progress, two.in_progress), (0, 0));
        assert_eq!(
            (one.statuses.as_slice(), one.durations.count()),
            (&[][..], 0)
        );
        assert_eq!(two.statuses, [(0, 1)], "no response counts as status 0");
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
            red.count(series, Some(404), 0);
        }
        let template = red.series_of(b"GET", &route("/real", true), 20);
        red.count(template, Some(200), 0);
        assert_eq!(
            red.all().len(),
            20 + 2,
            "the budget, _other and the template"
        );
        assert_eq!(red.overflow(), 10_000 - 20);
        assert_eq!(&*red.get(template).unwrap().route, "/real");
        let counted = red.all().iter().flat_map(|series| &series.statuses);
        assert_eq!(counted.map(|(_, count)| count).sum::<u64>(), 10_001);
    }
}
