//! What the page tells the engine: a kind, numbers and texts, as they cross the
//! border from JavaScript. One narrow gate for everything costs fewer bytes of
//! glue than a method for each. The kinds are listed again in `npm/src/input.ts`;
//! a test compares the two.

use sightline_core::search::split;

use crate::attributes::Attributes;
use crate::signals::custom::{Event as CustomEvent, Span};
use crate::signals::errors::Thrown;
use crate::signals::fetch::Fetched;
use crate::signals::frames::Script;
use crate::signals::inp::Event;
use crate::signals::lcp::Paint;

/// Something that happened. Times are `DOMHighResTimeStamp`s.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The first contentful paint.
    FirstContentfulPaint {
        /// When.
        paint_ms: f64,
    },
    /// A contentful paint larger than all before.
    LargestContentfulPaint(Paint<'a>),
    /// The person used the page: later paints don't count.
    FirstInput {
        /// Now.
        now_ms: f64,
    },
    /// A layout shift that followed no input.
    LayoutShift {
        /// Its score.
        value: f64,
        /// When.
        at_ms: f64,
        /// The element that it moved most.
        target: &'a str,
    },
    /// An event that was handled.
    Event(Event<'a>),
    /// An uncaught error or unhandled rejection.
    Thrown(Thrown<'a>),
    /// A `fetch` that ended.
    Fetched(Fetched<'a>),
    /// The document is loaded, or the page is left before.
    DocumentLoad {
        /// When that was.
        end_ms: f64,
        /// The times of [`PHASES`](crate::signals::document_load::PHASES).
        phases_ms: &'a [f64],
    },
    /// The page is hidden, maybe for ever.
    Hidden {
        /// Now.
        now_ms: f64,
        /// `performance.interactionCount`, or 0.
        interaction_count: f64,
    },
    /// Records were lost where the engine could not see it.
    Lost {
        /// The buffer had no room.
        beyond_buffer: u32,
        /// Errors like the one before.
        repeated: u32,
        /// Storage had no room.
        evicted: u32,
    },
    /// A script within a long animation frame.
    Script(Script<'a>),
    /// The address was changed by an interaction, and the page with it.
    SoftNavigation {
        /// When the interaction began.
        start_ms: f64,
        /// Which it was.
        interaction_id: f64,
        /// When its first contentful paint was; NaN where that is not told.
        paint_ms: f64,
        /// `performance.interactionCount`, or 0.
        interaction_count: f64,
        /// The new address.
        url: &'a str,
    },
    /// The page came back from the back/forward cache.
    Restored {
        /// When.
        at_ms: f64,
        /// `performance.interactionCount`, or 0.
        interaction_count: f64,
    },
    /// It has been painted since.
    Repainted {
        /// Now.
        now_ms: f64,
    },
    /// An event that the page's own code tells, or a watcher of the package.
    CustomEvent(CustomEvent<'a>),
    /// A span of the same.
    Span(Span<'a>),
    /// What everything has from now on, in place of what it had.
    Attributes(Attributes<'a>),
    /// Something that may explain an error that follows.
    Breadcrumb {
        /// When.
        at_ms: f64,
        /// What it was, such as `click`.
        kind: &'a str,
        /// Where, or what it said.
        text: &'a str,
    },
}

/// The kinds in the order of their numbers, which start at 0.
pub const KINDS: [&str; 18] = [
    "FirstContentfulPaint",
    "LargestContentfulPaint",
    "FirstInput",
    "LayoutShift",
    "Event",
    "Thrown",
    "Fetched",
    "DocumentLoad",
    "Hidden",
    "Lost",
    "Script",
    "SoftNavigation",
    "Restored",
    "Repainted",
    "CustomEvent",
    "Span",
    "Attributes",
    "Breadcrumb",
];

/// Calls through the same gate that are no inputs: they answer, or change what
/// there is. Their numbers follow no [`KINDS`].
pub mod call {
    /// Begins. Numbers: `performance.timeOrigin`, whether to tell histograms,
    /// activation, first time hidden, 8 random bytes. Texts: service name, version,
    /// environment, routes (one a line), URL, navigation type, `traceparent` of the
    /// document load and that of its parent. Answers a digit for each template: 0, or
    /// the number of what is wrong with it.
    pub const START: u8 = 32;
    /// Now, what for (`Need`), whether to gzip. Answers with the next batch, if
    /// there is one: its number, its signal (0 logs, 1 traces) and the count of
    /// its records in four bytes each, little end first, then its body.
    pub const NEXT: u8 = 33;
    /// A batch's number, the status of its answer (0 without one, 1 if it lies
    /// in storage, 2 if there was no room), now, the delay that the answer asked
    /// for, a random number below 1, how many of its records were refused though
    /// it was taken.
    pub const SETTLED: u8 = 34;
    /// Answers the names of the phases of a document load, each in a line.
    pub const PHASES: u8 = 35;
    /// Answers how many bytes wait for delivery.
    pub const WAITING: u8 = 36;
    /// A signal, a count of records. In place of texts: the body of a batch that
    /// an earlier page left.
    pub const RESTORE: u8 = 37;
    /// What the browser says of itself. Numbers: whether it is mobile (1, 0, or 2
    /// where it does not tell), whether it tells of no layout shifts. Texts:
    /// brands (one a line), platform, language, user agent, effective type of
    /// the network.
    pub const DEVICE: u8 = 38;
    /// Something happens now (`Date.now()`): goes on with the stored session, or
    /// with a new one. Numbers: now, its start, its last activity, 16 random
    /// bytes. Text: its id. Answers the id of the one that is joined.
    pub const SESSION: u8 = 39;
}

/// Parts texts from one another; none has it.
pub const SEPARATOR: u8 = 0;

/// The most texts that cross the border at once.
const MAX_TEXTS: usize = 8;

/// What crossed the border: numbers to be taken one by one, and texts.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    numbers: &'a [f64],
    /// The texts; those that are missing are empty.
    pub texts: [&'a str; MAX_TEXTS],
    all_texts: &'a str,
}

impl<'a> Reader<'a> {
    /// Of numbers, and of texts parted by [`SEPARATOR`].
    pub fn new(numbers: &'a [f64], all_texts: &'a str) -> Self {
        let mut texts = [""; MAX_TEXTS];
        for (place, text) in texts.iter_mut().zip(split(all_texts, SEPARATOR)) {
            *place = text;
        }
        Self {
            numbers,
            texts,
            all_texts,
        }
    }

    /// The next number; NaN if there is none. Not inlined: it is taken in many
    /// places.
    #[inline(never)]
    pub fn number(&mut self) -> f64 {
        let Some((first, rest)) = self.numbers.split_first() else {
            return f64::NAN;
        };
        self.numbers = rest;
        *first
    }

    /// What is left of the numbers, and of the texts after so many, as attributes.
    fn attributes(&self, after: usize) -> Attributes<'a> {
        let mut texts = split(self.all_texts, SEPARATOR);
        for _ in 0..after {
            texts.next();
        }
        Attributes {
            numbers: self.numbers,
            texts: texts.rest(),
        }
    }
}

impl<'a> Input<'a> {
    /// Reads an input; none for a kind that is not known.
    #[inline(always)]
    pub fn read(kind: u8, from: &mut Reader<'a>) -> Option<Self> {
        let [first, second, third, fourth, fifth, sixth, ..] = from.texts;
        Some(match kind {
            0 => Self::FirstContentfulPaint {
                paint_ms: from.number(),
            },
            1 => Self::LargestContentfulPaint(Paint {
                paint_ms: from.number(),
                interaction_id: from.number(),
                request_ms: from.number(),
                response_end_ms: from.number(),
                url: first,
                target: second,
            }),
            2 => Self::FirstInput {
                now_ms: from.number(),
            },
            3 => Self::LayoutShift {
                value: from.number(),
                at_ms: from.number(),
                target: first,
            },
            4 => Self::Event(Event {
                interaction_id: from.number(),
                start_ms: from.number(),
                duration_ms: from.number(),
                processing_start_ms: from.number(),
                processing_end_ms: from.number(),
                is_key: from.number() != 0.0,
                target: first,
            }),
            5 => Self::Thrown(Thrown {
                at_ms: from.number(),
                url: first,
                kind: second,
                message: third,
                stack: fourth,
                source: fifth,
                parent: sixth,
                attributes: from.attributes(6),
            }),
            6 => Self::Fetched(Fetched {
                start_ms: from.number(),
                end_ms: from.number(),
                status: from.number() as u32,
                traceparent: first,
                parent: second,
                method: third,
                url: fourth,
                error: fifth,
            }),
            7 => Self::DocumentLoad {
                end_ms: from.number(),
                phases_ms: from.numbers,
            },
            8 => Self::Hidden {
                now_ms: from.number(),
                interaction_count: from.number(),
            },
            9 => Self::Lost {
                beyond_buffer: from.number() as u32,
                repeated: from.number() as u32,
                evicted: from.number() as u32,
            },
            10 => Self::Script(Script {
                start_ms: from.number(),
                duration_ms: from.number(),
                frame_start_ms: from.number(),
                frame_duration_ms: from.number(),
                texts: from.all_texts,
            }),
            11 => Self::SoftNavigation {
                start_ms: from.number(),
                interaction_id: from.number(),
                paint_ms: from.number(),
                interaction_count: from.number(),
                url: first,
            },
            12 => Self::Restored {
                at_ms: from.number(),
                interaction_count: from.number(),
            },
            13 => Self::Repainted {
                now_ms: from.number(),
            },
            14 => Self::CustomEvent(CustomEvent {
                at_ms: from.number(),
                is_bounded: from.number() != 0.0,
                url: first,
                name: second,
                attributes: from.attributes(2),
            }),
            15 => Self::Span(Span {
                start_ms: from.number(),
                end_ms: from.number(),
                url: first,
                traceparent: second,
                parent: third,
                name: fourth,
                attributes: from.attributes(4),
            }),
            16 => Self::Attributes(from.attributes(0)),
            17 => Self::Breadcrumb {
                at_ms: from.number(),
                kind: first,
                text: second,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
