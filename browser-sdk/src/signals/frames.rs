//! What happened in the frames around an interaction: the events that were
//! handled for one paint, and the scripts that ran
//! ([Long Animation Frames](https://w3c.github.io/long-animation-frames/)).
//! Which of it matters is only known when the interaction has become the
//! slowest, so a bounded lot is kept.

use alloc::string::String;
use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::names::web_vital as name;
use sightline_core::search::split;

use super::inp::{Event, Inp};
use super::vital;
use crate::input::SEPARATOR;
use crate::record::Record;

/// Events whose paints are no further apart are of one frame: durations are
/// rounded to this.
const SAME_FRAME_MS: f64 = 8.0;
/// So many of the latest groups are kept.
const RECENT: usize = 10;
/// So many scripts are kept.
const CROWDED: usize = 64;

/// The names of a script's texts.
const SCRIPT_TEXTS: [&str; 4] = [
    name::SCRIPT_INVOKER,
    name::SCRIPT_INVOKER_TYPE,
    name::SCRIPT_SOURCE_URL,
    name::SCRIPT_FUNCTION,
];

/// The events of one frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Group {
    number: u32,
    render_ms: f64,
    start_ms: f64,
    /// The first handler of any of them.
    pub processing_start_ms: f64,
    /// The end of the last one.
    pub processing_end_ms: f64,
}

impl Group {
    /// Whether both are of one frame.
    pub fn is_same(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// A script within a long animation frame, as the page tells it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Script<'a> {
    /// When it began.
    pub start_ms: f64,
    /// How long it took.
    pub duration_ms: f64,
    /// When its frame began.
    pub frame_start_ms: f64,
    /// How long that took.
    pub frame_duration_ms: f64,
    /// What invoked it (a listener, a timer, the address of a script), which
    /// kind of these, where it was loaded from, the function that was entered,
    /// parted by [`SEPARATOR`].
    pub texts: &'a str,
}

#[derive(Debug)]
struct Kept {
    start_ms: f64,
    end_ms: f64,
    frame_start_ms: f64,
    frame_end_ms: f64,
    texts: String,
}

impl Kept {
    /// Whether its frame overlaps this time.
    fn touches(&self, start_ms: f64, end_ms: f64) -> bool {
        self.frame_end_ms >= start_ms && self.frame_start_ms <= end_ms
    }

    /// How much of it was after this time.
    fn after(&self, start_ms: f64) -> f64 {
        self.end_ms - self.start_ms.max(start_ms)
    }
}

/// The phases of an interaction, in time.
#[derive(Clone, Copy, Debug)]
pub struct Phases {
    /// The input.
    pub start_ms: f64,
    /// The first handler.
    pub processing_start_ms: f64,
    /// The end of the last one.
    pub processing_end_ms: f64,
}

/// What is kept of a page's frames.
#[derive(Debug, Default)]
pub struct Frames {
    recent: [Group; RECENT],
    scripts: Vec<Kept>,
    next_script: usize,
    count: u32,
}

impl Frames {
    /// Takes an event, whichever; its group, for whoever keeps a copy of that
    /// up to date.
    pub fn event(&mut self, event: &Event<'_>) -> Group {
        let render_ms = event.start_ms + event.duration_ms;
        let mut group = Group {
            number: 0,
            render_ms,
            start_ms: event.start_ms,
            processing_start_ms: event.processing_start_ms,
            processing_end_ms: event.processing_end_ms,
        };
        let mut place = 0;
        for (at, other) in self.recent.iter().enumerate() {
            let apart = (other.render_ms - render_ms).abs();
            // Of several the latest.
            if apart <= SAME_FRAME_MS && other.number > group.number {
                place = at;
                group.number = other.number;
            }
        }
        if group.number == 0 {
            self.count = self.count.wrapping_add(1);
            group.number = self.count;
            place = self.count as usize % RECENT;
        } else if let Some(other) = self.recent.get(place) {
            group.render_ms = other.render_ms;
            group.start_ms = group.start_ms.min(other.start_ms);
            group.processing_start_ms = group.processing_start_ms.min(other.processing_start_ms);
            group.processing_end_ms = group.processing_end_ms.max(other.processing_end_ms);
        }
        if let Some(other) = self.recent.get_mut(place) {
            *other = group;
        }
        group
    }

    /// How many scripts are kept.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.scripts.len()
    }

    /// A script that ran. Of many, the latest are kept, and what overlaps one
    /// of these interactions.
    pub fn script(&mut self, script: &Script<'_>, interactions: &Inp) {
        let mut texts = String::new();
        for text in split(script.texts, SEPARATOR) {
            append::text(&mut texts, &vital::kept(text));
            append::text(&mut texts, "\0");
        }
        let kept = Kept {
            start_ms: script.start_ms,
            end_ms: script.start_ms + script.duration_ms,
            frame_start_ms: script.frame_start_ms,
            frame_end_ms: script.frame_start_ms + script.frame_duration_ms,
            texts,
        };
        for _ in 0..CROWDED {
            self.next_script = self.next_script.wrapping_add(1) % CROWDED;
            match self.scripts.get_mut(self.next_script) {
                Some(old) if interactions.needs(|start, end| old.touches(start, end)) => {}
                Some(old) => {
                    *old = kept;
                    return;
                }
                None => return append::item(&mut self.scripts, kept),
            }
        }
    }

    /// Adds the script that took longest of an interaction, if one is known.
    pub fn describe(&self, phases: &Phases, record: &mut Record) {
        let mut longest: Option<&Kept> = None;
        for script in &self.scripts {
            let part = script.after(phases.start_ms);
            if script.touches(phases.start_ms, phases.processing_end_ms)
                && part > longest.map_or(0.0, |longest| longest.after(phases.start_ms))
            {
                longest = Some(script);
            }
        }
        let Some(script) = longest else {
            return;
        };
        for (key, text) in SCRIPT_TEXTS.iter().zip(split(&script.texts, SEPARATOR)) {
            record.text(key, text);
        }
        record.double(name::SCRIPT_DURATION, script.end_ms - script.start_ms);
        record.double(name::SCRIPT_INTERSECTION, script.after(phases.start_ms));
        let subpart = if script.start_ms < phases.processing_start_ms {
            "input-delay"
        } else if script.start_ms >= phases.processing_end_ms {
            "presentation-delay"
        } else {
            "processing-duration"
        };
        record.text(name::SCRIPT_SUBPART, subpart);
    }
}
