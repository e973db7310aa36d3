//! Which series a worker has: those that all workers share, as far as this one
//! has seen their requests, and new ones since the last publishing. Which names
//! last is decided where the counts of all workers meet, in the record.

use super::{Limits, Red, method_number};
use crate::governor::Newcomers;
use crate::record::Record;
use crate::route_tree::RouteTree;
use crate::session::{Origin, Route};
use sightline_core::names;
use std::rc::Rc;

/// What is known of names made of segments.
#[derive(Debug, Default)]
pub(super) struct Names {
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
    pub(super) free: Vec<usize>,
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
        let parent = placed.parent();
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
            new,
            room,
            newcomers,
            ..
        } = &mut self.names;
        let is_full = room.is_some_and(|room| *new >= room);
        let is_earned = is_earned || (is_full && newcomers.note(name));
        let room = match (is_earned, *room) {
            (false, Some(room)) => room,
            (false, None) => limits.series.div_ceil(2),
            (true, _) => limits.series,
        };
        if *new < room {
            *new = new.saturating_add(1);
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

    /// What was counted is in the record, which says which names there are:
    /// series that it turned away or forgot go, too. A number is given again
    /// only when no request under way refers to it.
    pub fn settle(&mut self, record: &Record) {
        self.names.room = Some(record.room());
        self.names.new = 0;
        if self.names.version != Some(record.names_version) {
            self.names.tree = record.names();
            self.names.version = Some(record.names_version);
        }
        let mut is_free = vec![false; self.series.len()];
        for number in &self.names.free {
            if let Some(is_free) = is_free.get_mut(*number) {
                *is_free = true;
            }
        }
        for (number, is_free) in is_free.into_iter().enumerate() {
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
            if !is_free && !is_under_way {
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
}
