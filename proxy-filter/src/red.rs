//! What one worker counts of its requests, by method, route and status, since
//! it last published. A series keeps its number as long as a request refers to
//! it, so that a request ends where it began; how many there are is bounded.
//! Which names last is decided where the counts of all workers meet, see
//! [`crate::record`].

use crate::governor::{Newcomers, Offenders};
use crate::record::Record;
use crate::route_tree::RouteTree;
use crate::session::{Origin, Route};
use sightline_core::histogram::{Histogram, SECONDS_BOUNDS};
use sightline_core::names;
use std::collections::BTreeMap;
use std::rc::Rc;

/// So many new series a worker may try between two publishings where all places
/// are taken: some may have become free.
const LEAST_ROOM: usize = 16;

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
    /// Finished requests by status, since the last publishing.
    pub statuses: Vec<(u16, u64)>,
    /// Their durations in seconds.
    pub durations: Histogram,
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

/// All series of a worker: those that all workers share as far as this one has
/// seen their requests, and new ones since the last publishing.
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
}

/// What is known of names made of segments.
#[derive(Debug, Default)]
struct Names {
    tree: RouteTree,
    /// The version of the record's names in the tree; none if new ones are in
    /// it, too.
    version: Option<u64>,
    newcomers: Newcomers,
    /// New series since the last publishing.
    new: usize,
    /// Places that are left for them, as of the last publishing.
    room: Option<usize>,
    /// Numbers of series that nothing refers to any more.
    free: Vec<usize>,
}

impl Red {
    /// The series of this method and route. Where there is no room for the
    /// route's name, it is the one that stands for several routes, or `_other`.
    pub fn series_of(&mut self, method: &[u8], route: &Route<'_>, limits: &Limits) -> usize {
        let method = method_number(method);
        if let Some(series) = self.find(method, &route.name) {
            return series;
        }
        match route.origin {
            Origin::Template => self.add(method, &route.name, route.origin, false),
            Origin::RouteName => {
                self.newcomer(method, &route.name, route.origin, "", false, limits)
            }
            Origin::Segments => self.place(method, &route.name, limits),
        }
    }

    /// The series of a route made of segments that has none of its own.
    fn place(&mut self, method: usize, route: &str, limits: &Limits) -> usize {
        let Names {
            tree, newcomers, ..
        } = &mut self.names;
        let mut placed = tree.place(route, limits.siblings, false);
        let lost = placed.lost_at.and_then(|end| route.get(..end));
        let is_earned = lost.is_some_and(|lost| newcomers.note(lost));
        if is_earned {
            placed = tree.place(route, limits.siblings, true);
        }
        if let Some(series) = self.find(method, &placed.name) {
            return series;
        }
        let parent = placed.name.get(..placed.known).unwrap_or_default();
        let origin = Origin::Segments;
        self.newcomer(method, &placed.name, origin, parent, is_earned, limits)
    }

    fn newcomer(
        &mut self,
        method: usize,
        name: &str,
        origin: Origin,
        parent: &str,
        is_earned: bool,
        limits: &Limits,
    ) -> usize {
        let Names {
            room, newcomers, ..
        } = &mut self.names;
        let is_full = room.is_some_and(|room| room == 0);
        let is_earned = is_earned || (is_full && newcomers.note(name));
        let room = match (is_earned, *room) {
            (false, Some(room)) => room.max(LEAST_ROOM),
            _ => limits.series,
        };
        if self.names.new < room {
            self.names.new = self.names.new.saturating_add(1);
            if origin == Origin::Segments {
                self.names.tree.insert(name);
                self.names.version = None;
            }
            return self.add(method, name, origin, is_earned);
        }
        self.overflow = self.overflow.saturating_add(1);
        self.offenders.add(parent, 1);
        match self.find(method, names::OTHER) {
            Some(series) => series,
            None => self.add(method, names::OTHER, Origin::Template, false),
        }
    }

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
            statuses: Vec::new(),
            durations: Histogram::new(&SECONDS_BOUNDS),
        };
        match self.series.get_mut(number) {
            Some(free) => *free = series,
            None => self.series.push(series),
        }
        number
    }

    /// What was counted is in the record, which says which names there are:
    /// series that it turned away or forgot go, too. A number is given again
    /// only when nothing refers to it: no request under way, and none of the
    /// finished ones that are `held` because they wait for their export.
    pub fn settle(
        &mut self,
        record: &Record,
        max_series: usize,
        held: impl Iterator<Item = usize>,
    ) {
        self.names.room = Some(max_series.saturating_sub(record.series().len()));
        self.names.new = 0;
        if self.names.version != Some(record.names_version) {
            self.names.tree = record.names();
            self.names.version = Some(record.names_version);
        }
        let mut is_used = vec![false; self.series.len()];
        let free = self.names.free.iter().copied();
        for number in held.chain(free) {
            if let Some(is_used) = is_used.get_mut(number) {
                *is_used = true;
            }
        }
        for (number, is_used) in is_used.into_iter().enumerate() {
            let Some(series) = self.series.get(number) else {
                continue;
            };
            let (route, method) = (Rc::clone(&series.route), series.method);
            let is_under_way = series.in_progress > 0;
            let is_named = self.find(method, &route) == Some(number);
            if is_named && record.has_name(&route, method) {
                continue;
            }
            if is_named {
                self.unname(&route, method);
            }
            if !is_used && !is_under_way {
                self.names.free.push(number);
            }
        }
    }

    fn unname(&mut self, route: &str, method: usize) {
        let Some(methods) = self.by_route.get_mut(route) else {
            return;
        };
        if let Some(place) = methods.get_mut(method) {
            *place = None;
        }
        if methods.iter().all(Option::is_none) {
            self.by_route.remove(route);
        }
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
            let series = red.series_of(b"GET", &route(&name, false), &LIMITS);
            red.count(series, Some(404), 0);
        }
        let template = red.series_of(b"GET", &route("/real", true), &LIMITS);
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
