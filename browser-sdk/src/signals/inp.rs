//! Interaction to Next Paint: the 98th percentile of a view's interactions
//! ([definition](https://web.dev/articles/inp)), and what that one was made of.

use alloc::string::String;
use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::names::web_vital as name;
use sightline_core::web_vital;

use super::frames::{Frames, Group, Phases};
use super::vital::{self, Vital};
use crate::navigation::Navigation;
use crate::record::Record;

/// Milliseconds.
pub const INP: Vital = Vital::new(&web_vital::INP, 1, 1e3);

/// One outlier is forgiven for every so many interactions.
const INTERACTIONS_PER_OUTLIER: f64 = 50.0;
/// So many of the longest are kept: enough for 500 interactions, as
/// web-vitals does.
const KEPT: usize = 10;
/// Chromium counts interaction ids up by this.
const ID_STEP: f64 = 7.0;
/// What interactions take of which the browser tells nothing but their number.
const UNTOLD_MS: f64 = 8.0;

/// An event that was handled. Times are since the time origin.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    /// Its interaction; 0 for none.
    pub interaction_id: f64,
    /// When.
    pub start_ms: f64,
    /// Up to the next paint.
    pub duration_ms: f64,
    /// When its first handler was entered.
    pub processing_start_ms: f64,
    /// When its last handler was left.
    pub processing_end_ms: f64,
    /// Whether it was of the keyboard.
    pub is_key: bool,
    /// The element.
    pub target: &'a str,
}

#[derive(Clone, Debug, Default)]
struct Interaction {
    id: f64,
    latency_ms: f64,
    start_ms: f64,
    group: Group,
    is_key: bool,
    target: String,
}

/// The longest interactions of a view, the longest first.
#[derive(Clone, Debug, Default)]
pub struct Inp {
    longest: Vec<Interaction>,
    lowest_id: f64,
    highest_id: f64,
    count_before: f64,
    count: f64,
    tells_untold: bool,
}

impl Inp {
    /// Of a view before which there were so many interactions. The browser
    /// tells the very first one of a page, however quick; `tells_untold` makes
    /// up for that in later views.
    pub fn new(count_before: f64, tells_untold: bool) -> Self {
        Self {
            count_before,
            tells_untold,
            ..Self::default()
        }
    }

    /// An event of a view. An interaction takes as long as its longest event.
    pub fn event(&mut self, event: &Event<'_>, frames: &mut Frames) {
        let duration_ms = event.duration_ms;
        let id = event.interaction_id;
        let group = frames.event(event);
        for one in &mut self.longest {
            if one.group.is_same(&group) {
                one.group = group;
            }
        }
        if id <= 0.0 || id.is_nan() || duration_ms.is_nan() {
            return;
        }
        if self.highest_id == 0.0 || id < self.lowest_id {
            self.lowest_id = id;
        }
        self.highest_id = self.highest_id.max(id);

        let known = self.longest.iter().position(|one| one.id == id);
        if known.is_none() {
            // A new one stands last: in the next free place, or in that of the
            // shortest, if it is longer.
            if self.longest.len() >= KEPT {
                let shortest = self.longest.last();
                if shortest.is_some_and(|one| one.latency_ms >= duration_ms) {
                    return;
                }
                self.longest.pop();
            }
            let new = Interaction {
                id,
                latency_ms: -1.0,
                ..Interaction::default()
            };
            append::item(&mut self.longest, new);
        }
        // Up to its place; those before are in order.
        let mut at = known.unwrap_or(self.longest.len().saturating_sub(1));
        if let Some(one) = self.longest.get_mut(at) {
            if one.target.is_empty() {
                one.target = vital::kept(event.target);
            }
            if duration_ms > one.latency_ms {
                one.latency_ms = duration_ms;
                one.start_ms = event.start_ms;
                one.group = group;
                one.is_key = event.is_key;
            }
        }
        while let Some(before) = at.checked_sub(1)
            && let Some([one, other]) = self.longest.get_mut(before..=at)
            && one.latency_ms < other.latency_ms
        {
            core::mem::swap(one, other);
            at = before;
        }
    }

    /// Whether this holds of the start and the end of one of those that are
    /// kept.
    pub fn needs(&self, touches: impl Fn(f64, f64) -> bool) -> bool {
        self.longest
            .iter()
            .any(|one| touches(one.start_ms, one.group.processing_end_ms))
    }

    /// Takes `performance.interactionCount`, or 0 where the browser has none.
    pub fn counted(&mut self, count: f64) {
        self.count = if count > 0.0 {
            count - self.count_before
        } else if self.highest_id > 0.0 {
            (self.highest_id - self.lowest_id) / ID_STEP + 1.0
        } else {
            0.0
        };
    }

    fn slow(&self) -> Option<&Interaction> {
        let outliers = (self.count / INTERACTIONS_PER_OUTLIER) as usize;
        self.longest
            .get(outliers.min(self.longest.len().checked_sub(1)?))
    }

    /// The value; none without an interaction.
    pub fn value(&self) -> Option<f64> {
        let untold = (self.tells_untold && self.count > 0.0).then_some(UNTOLD_MS);
        self.slow().map(|one| one.latency_ms).or(untold)
    }

    /// Adds what the value is made of.
    pub fn describe(&self, frames: &Frames, navigation: &Navigation, record: &mut Record) {
        let Some(one) = self.slow() else {
            return record.double(name::PRESENTATION_DELAY, UNTOLD_MS);
        };
        let group = one.group;
        let start_ms = one.start_ms;
        // Handlers of another event may have run before, and may run on after
        // the paint that durations, which are rounded, tell of.
        let processing_start_ms = group.processing_start_ms.max(start_ms);
        let paint_ms = (start_ms + one.latency_ms).max(processing_start_ms);
        let processing_end_ms = group.processing_end_ms.min(paint_ms);
        record.text(name::TARGET, &one.target);
        let kind = if one.is_key { "keyboard" } else { "pointer" };
        record.text(name::INTERACTION_TYPE, kind);
        record.double(name::INTERACTION_TIME, start_ms);
        record.double(name::INPUT_DELAY, processing_start_ms - start_ms);
        record.double(
            name::PROCESSING_DURATION,
            processing_end_ms - processing_start_ms,
        );
        record.double(name::PRESENTATION_DELAY, paint_ms - processing_end_ms);
        record.text(name::LOAD_STATE, navigation.load_state(start_ms));
        let phases = Phases {
            start_ms,
            processing_start_ms,
            processing_end_ms,
        };
        frames.describe(&phases, record);
    }
}

#[cfg(test)]
mod tests;
