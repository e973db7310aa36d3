//! Which series there are in a record: who gets a name of his own, who shares
//! one, and who goes. It is decided here because here the counts of all workers
//! meet: they all learn the same names from the record.
//!
//! - A name made of segments has a place while its parent has fewer than
//!   [`Limits::siblings`](crate::red::Limits); then the place is crowded, and
//!   newcomers count as `{any}`. Names of a crowded place that were asked for
//!   seldom are closed: what they have counted stays, what comes goes to
//!   `{any}`. Who is asked for often earns a name.
//! - In all there are at most `series`, half of them of names that nobody has
//!   earned. A newcomer takes the place of the
//!   one that was idle for longest, if that is closed or the newcomer is asked
//!   for often; else it counts as `_other`.
//! - Who is idle for too long goes, and with the last `{any}` its place is no
//!   longer crowded.

use super::{Contribution, Record, Series};
use crate::governor::{EARNED_PART, EARNED_REQUESTS};
use crate::outcome::{Outcome, Tallies};
use crate::red;
use crate::route_tree::{ANY, RouteTree};
use crate::session::Origin;
use sightline_core::names;
use std::collections::BTreeMap;

/// Who was idle for so long may have to make room; whatever reads the counts
/// has seen them by then.
const MAY_GO_AFTER_NANOS: u64 = 300_000_000_000;

/// What a series is, beside its counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where its name comes from.
    pub origin: Origin,
    /// Whether requests still count here.
    pub is_open: bool,
    /// When requests were last counted or under way, on the monotonic clock.
    pub seen_nanos: u64,
    /// Since when it counts, in nanoseconds since the Unix epoch. One that
    /// comes back begins anew.
    pub start_unix_nanos: u64,
}

/// The names made of segments, read when they are first needed.
pub(super) type LazyNames = Option<RouteTree>;

impl Record {
    /// The open names made of segments.
    pub fn names(&self) -> RouteTree {
        let mut tree = RouteTree::default();
        let open = self.series.iter().filter(|series| series.is_name());
        for series in open {
            tree.insert(&series.route);
        }
        tree
    }

    /// Whether requests of this route and method are counted under it.
    pub fn has_name(&self, route: &str, method: usize) -> bool {
        let found = self.place_of(route, method).ok();
        let series = found.and_then(|at| self.series.get(at));
        series.is_some_and(|series| series.standing.is_open)
    }

    /// The series that takes these requests, made where it is missing.
    pub(super) fn series_for(
        &mut self,
        from: &Contribution<'_>,
        more: &red::Series,
        names: &mut LazyNames,
    ) -> Option<&mut Series> {
        let at = self.find_or_make(from, more, names);
        let series = self.series.get_mut(at)?;
        series.standing.seen_nanos = from.now_nanos;
        Some(series)
    }

    fn find_or_make(
        &mut self,
        from: &Contribution<'_>,
        more: &red::Series,
        names: &mut LazyNames,
    ) -> usize {
        if let Ok(at) = self.place_of(&more.route, more.method)
            && let Some(series) = self.series.get_mut(at)
            && (series.standing.is_open || more.origin != Origin::Segments)
        {
            // Where configurations differ, the strongest standing counts.
            if (more.origin as u8) < series.standing.origin as u8 {
                series.standing.origin = more.origin;
                series.standing.is_open = true;
                self.renamed(names);
            }
            return at;
        }
        if more.origin != Origin::Segments {
            return self.make(from, more, &more.route, "", names);
        }
        let tree = names.get_or_insert_with(|| self.names());
        let placed = tree.place(&more.route, from.limits.siblings, more.is_earned);
        match self.place_of(&placed.name, more.method) {
            Ok(at) => {
                self.open(at, names);
                at
            }
            Err(_) => {
                let parent = placed.parent();
                self.make(from, more, &placed.name, parent, names)
            }
        }
    }

    /// Requests count here again.
    fn open(&mut self, at: usize, names: &mut LazyNames) {
        if let Some(series) = self.series.get_mut(at)
            && !series.standing.is_open
        {
            series.standing.is_open = true;
            self.renamed(names);
        }
    }

    /// Names have come or gone.
    fn renamed(&mut self, names: &mut LazyNames) {
        self.names_version = self.names_version.wrapping_add(1);
        *names = None;
    }

    /// A new series, if there is room for one; else the one of `_other`.
    fn make(
        &mut self,
        from: &Contribution<'_>,
        more: &red::Series,
        name: &str,
        parent: &str,
        names: &mut LazyNames,
    ) -> usize {
        let (mut name, mut origin) = (name, more.origin);
        if origin != Origin::Template && !self.has_room(from, more, names) {
            let requests = more.requests();
            self.ledger.overflow = self.ledger.overflow.saturating_add(requests);
            self.offenders.add(parent, requests);
            (name, origin) = (names::OTHER, Origin::Template);
        }
        let at = match self.place_of(name, more.method) {
            Ok(at) => return at,
            Err(at) => at,
        };
        let series = Series {
            method: more.method,
            route: Box::from(name),
            finished: Tallies::default(),
            in_progress: Vec::new(),
            standing: Standing {
                origin,
                is_open: true,
                seen_nanos: from.now_nanos,
                start_unix_nanos: self.series_start_unix_nanos,
            },
        };
        self.series.insert(at, series);
        if origin != Origin::Segments {
            return at;
        }
        self.names_version = self.names_version.wrapping_add(1);
        let crowded = names.as_mut().and_then(|tree| tree.insert(name));
        if let Some(parent) = crowded.and_then(|end| name.get(..end)) {
            self.close_seldom(parent, names);
        }
        at
    }

    /// A place has become crowded: only who is asked for often keeps his name.
    fn close_seldom(&mut self, parent: &str, names: &mut LazyNames) {
        let child = |series: &Series| {
            let below = series.route.strip_prefix(parent)?.strip_prefix('/')?;
            let child = below.split('/').next().unwrap_or_default();
            (series.is_name() && !matches!(child, ANY | "")).then(|| child.to_owned())
        };
        let mut requests: BTreeMap<String, u64> = BTreeMap::new();
        for series in &self.series {
            if let Some(child) = child(series) {
                let count = requests.entry(child).or_default();
                *count = count.saturating_add(series.requests());
            }
        }
        let all = requests.values().copied().fold(0, u64::saturating_add);
        let earned =
            |count: u64| count >= EARNED_REQUESTS && count.saturating_mul(EARNED_PART) >= all;
        for series in &mut self.series {
            let count = child(series).and_then(|child| requests.get(&child));
            if count.is_some_and(|count| !earned(*count)) {
                series.standing.is_open = false;
            }
        }
        self.renamed(names);
    }

    /// How many new names that nobody has earned may come.
    pub fn room(&self) -> usize {
        let now_nanos = self.workers.iter().map(|worker| worker.seen_nanos).max();
        let now_nanos = now_nanos.unwrap_or_default();
        let may_go = |series: &&Series| series.may_go(now_nanos, false);
        let may_go = self.series.iter().filter(may_go).count();
        self.free(self.max_series).saturating_add(may_go)
    }

    /// Free places for names that nobody has earned. They get half of all, so
    /// that a flood leaves some for who comes later.
    fn free(&self, max_series: usize) -> usize {
        let seldom = self.series.iter().filter(|series| series.is_seldom());
        let of_half = max_series.div_ceil(2).saturating_sub(seldom.count());
        of_half.min(max_series.saturating_sub(self.series.len()))
    }

    /// Makes room where there is none: closed series go for anybody, open ones
    /// only for who has earned a name.
    fn has_room(
        &mut self,
        from: &Contribution<'_>,
        more: &red::Series,
        names: &mut LazyNames,
    ) -> bool {
        let max_series = from.limits.series;
        if self.free(max_series) > 0 || (more.is_earned && self.series.len() < max_series) {
            return true;
        }
        let may_go = |series: &&Series| series.may_go(from.now_nanos, more.is_earned);
        let first = self.series.iter().filter(may_go).min_by_key(|series| {
            let standing = &series.standing;
            (standing.is_open, standing.seen_nanos)
        });
        let Some(first) = first else {
            return false;
        };
        let (route, method) = (first.route.clone(), first.method);
        self.let_go(from, names, |series| {
            (&series.route, series.method) == (&route, method)
        });
        true
    }

    /// Who was idle for too long goes.
    pub(super) fn expire(&mut self, from: &Contribution<'_>) {
        let is_over = |series: &Series| {
            let idle = from.now_nanos.saturating_sub(series.standing.seen_nanos);
            idle > from.limits.idle_nanos && series.in_progress.is_empty()
        };
        if self.series.iter().any(is_over) {
            self.let_go(from, &mut None, is_over);
        }
    }

    /// Series go: one that comes back has not counted since the start.
    fn let_go(
        &mut self,
        from: &Contribution<'_>,
        names: &mut LazyNames,
        goes: impl Fn(&Series) -> bool,
    ) {
        let all = core::mem::take(&mut self.series).into_iter();
        let (gone, kept): (Vec<_>, Vec<_>) = all.partition(goes);
        self.series = kept;
        self.series_start_unix_nanos = from.unix_nanos.max(self.series_start_unix_nanos);
        if gone.iter().any(Series::is_name) {
            self.renamed(names);
        }
        for (outcome, tally) in gone.iter().flat_map(|series| series.finished.list()) {
            if outcome.error > 0 {
                let count = self.gone_errors.entry(outcome.error).or_default();
                *count = count.saturating_add(tally.durations.count());
            }
        }
    }

    /// Failures by kind that series which went had counted.
    pub fn gone_errors(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.gone_errors.iter().filter_map(|(error, count)| {
            let outcome = Outcome {
                error: *error,
                ..Outcome::default()
            };
            Some((outcome.error_type()?, *count))
        })
    }
}

impl Series {
    /// Whether its route is an open name made of segments.
    fn is_name(&self) -> bool {
        self.standing.is_open && self.standing.origin == Origin::Segments
    }

    /// Whether it may have to make room, open ones only for who has earned it.
    fn may_go(&self, now_nanos: u64, for_earned: bool) -> bool {
        let idle = now_nanos.saturating_sub(self.standing.seen_nanos);
        self.standing.origin != Origin::Template
            && self.in_progress.is_empty()
            && idle >= MAY_GO_AFTER_NANOS
            && (for_earned || !self.standing.is_open)
    }

    /// Whether it is asked for too seldom to have earned its name.
    fn is_seldom(&self) -> bool {
        let is_template = self.standing.origin == Origin::Template;
        let is_often = self.standing.is_open && self.requests() >= EARNED_REQUESTS;
        !is_template && !is_often
    }

    /// Finished requests.
    fn requests(&self) -> u64 {
        self.finished.requests()
    }
}

impl red::Series {
    /// Finished requests since the last publishing.
    fn requests(&self) -> u64 {
        self.finished.requests()
    }
}

#[cfg(test)]
mod tests;
