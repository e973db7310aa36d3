//! What happened in the frames around an interaction: the events that were
//! handled for one paint, and the scripts that ran
//! ([Long Animation Frames](https://w3c.github.io/long-animation-frames/)).
//! Which of it matters is only known when the interaction has become the
//! slowest, so a bounded lot is kept.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use sightline_core::names::web_vital as name;
use sightline_core::redact;

use crate::attributes::Attributes;
use crate::page::truncated;

/// Events whose paints are no further apart are of one frame: durations are
/// rounded to this.
const SAME_FRAME_MS: f64 = 8.0;
/// So many of the latest are kept whatever they are.
const RECENT: usize = 10;
/// When so many are kept, those that are of no use any more go.
const CROWDED: usize = 64;
/// The longest text of a script that is kept, in bytes.
const MAX_TEXT: usize = 200;

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
    /// What invoked it: a listener, a timer, the address of a script.
    pub invoker: &'a str,
    /// Which kind of these.
    pub invoker_type: &'a str,
    /// Where it was loaded from.
    pub source_url: &'a str,
    /// The function that was entered.
    pub function: &'a str,
}

#[derive(Debug)]
struct Kept {
    start_ms: f64,
    end_ms: f64,
    frame_start_ms: f64,
    frame_end_ms: f64,
    texts: [String; 4],
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
    groups: Vec<Group>,
    scripts: Vec<Kept>,
    count: u32,
}

impl Frames {
    /// An event, whichever; the number of its group. `is_needed` says of a
    /// group whether an interaction refers to it.
    pub fn event(
        &mut self,
        start_ms: f64,
        duration_ms: f64,
        processing: [f64; 2],
        is_needed: impl Fn(u32) -> bool,
    ) -> u32 {
        let [processing_start_ms, processing_end_ms] = processing;
        let render_ms = start_ms + duration_ms;
        let mut groups = self.groups.iter_mut().rev();
        if let Some(group) = groups.find(|group| {
            let apart = group.render_ms - render_ms;
            (-SAME_FRAME_MS..=SAME_FRAME_MS).contains(&apart)
        }) {
            group.start_ms = group.start_ms.min(start_ms);
            group.processing_start_ms = group.processing_start_ms.min(processing_start_ms);
            group.processing_end_ms = group.processing_end_ms.max(processing_end_ms);
            return group.number;
        }
        if self.groups.len() >= CROWDED {
            let mut at = self.groups.len();
            self.groups.retain(|group| {
                at = at.saturating_sub(1);
                at < RECENT || is_needed(group.number)
            });
        }
        self.count = self.count.saturating_add(1);
        self.groups.push(Group {
            number: self.count,
            render_ms,
            start_ms,
            processing_start_ms,
            processing_end_ms,
        });
        self.count
    }

    /// How many groups and scripts are kept.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.groups.len().saturating_add(self.scripts.len())
    }

    /// The group of this number.
    pub fn group(&self, number: u32) -> Group {
        let group = self.groups.iter().find(|group| group.number == number);
        group.copied().unwrap_or_default()
    }

    /// A script that ran.
    pub fn script(&mut self, script: &Script<'_>) {
        let Self {
            groups, scripts, ..
        } = self;
        if scripts.len() >= CROWDED {
            let mut at = scripts.len();
            let mut room = CROWDED / 2;
            scripts.retain(|script| {
                at = at.saturating_sub(1);
                let is_needed = room > 0
                    && groups
                        .iter()
                        .any(|group| script.touches(group.start_ms, group.processing_end_ms));
                room = room.saturating_sub(usize::from(is_needed));
                at < RECENT || is_needed
            });
        }
        scripts.push(Kept {
            start_ms: script.start_ms,
            end_ms: script.start_ms + script.duration_ms,
            frame_start_ms: script.frame_start_ms,
            frame_end_ms: script.frame_start_ms + script.frame_duration_ms,
            texts: [
                script.invoker,
                script.invoker_type,
                script.source_url,
                script.function,
            ]
            .map(|text| truncated(&redact::text(text), MAX_TEXT).to_owned()),
        });
    }

    /// Adds the script that took longest of an interaction, if one is known.
    pub fn describe<'a>(&'a self, phases: &Phases, attributes: &mut Attributes<'a>) {
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
        let [invoker, invoker_type, source_url, function] = &script.texts;
        attributes.text(name::SCRIPT_INVOKER, invoker);
        attributes.text(name::SCRIPT_INVOKER_TYPE, invoker_type);
        attributes.text(name::SCRIPT_SOURCE_URL, source_url);
        attributes.text(name::SCRIPT_FUNCTION, function);
        attributes.double(name::SCRIPT_DURATION, script.end_ms - script.start_ms);
        attributes.double(name::SCRIPT_INTERSECTION, script.after(phases.start_ms));
        let subpart = if script.start_ms < phases.processing_start_ms {
            "input-delay"
        } else if script.start_ms >= phases.processing_end_ms {
            "presentation-delay"
        } else {
            "processing-duration"
        };
        attributes.text(name::SCRIPT_SUBPART, subpart);
    }
}
