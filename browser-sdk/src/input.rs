//! What the page tells the engine: a kind, numbers and texts, as they cross the
//! border from JavaScript. One narrow gate for everything costs fewer bytes of
//! glue than a method for each. The kinds are listed again in `npm/src/input.ts`;
//! a test compares the two.

use sightline_core::search::split;

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
}

/// The kinds in the order of their numbers, which start at 0.
pub const KINDS: [&str; 14] = [
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
];

/// Calls through the same gate that are no inputs: they answer, or change what
/// there is. Their numbers follow no [`KINDS`].
pub mod call {
    /// Begins. Numbers: `performance.timeOrigin`, share of traces to keep, whether
    /// to tell histograms, activation, first time hidden, 32 random bytes. Texts: service name,
    /// version, environment, routes (one a line), URL, navigation type,
    /// `traceparent` of the document. Answers a digit for each template: 0, or
    /// the number of what is wrong with it.
    pub const START: u8 = 16;
    /// Now, what for (`Need`), whether to gzip. Answers with the next batch, if
    /// there is one: its number, its signal (0 logs, 1 traces) and the count of
    /// its records in four bytes each, little end first, then its body.
    pub const NEXT: u8 = 17;
    /// A batch's number, the status of its answer (0 without one, 1 if it lies
    /// in storage, 2 if there was no room), now, the delay that the answer asked
    /// for, a random number below 1, how many of its records were refused though
    /// it was taken.
    pub const SETTLED: u8 = 18;
    /// Answers the names of the phases of a document load, each in a line.
    pub const PHASES: u8 = 20;
    /// Answers how many bytes wait for delivery.
    pub const WAITING: u8 = 21;
    /// A signal, a count of records. In place of texts: the body of a batch that
    /// an earlier page left.
    pub const RESTORE: u8 = 22;
    /// What the browser says of itself. Numbers: whether it is mobile (1, 0, or 2
    /// where it does not tell), whether it tells of no layout shifts. Texts:
    /// brands (one a line), platform, language, user agent, effective type of
    /// the network.
    pub const DEVICE: u8 = 24;
    /// Something happens now (`Date.now()`): goes on with the stored session, or
    /// with a new one. Numbers: now, its start, its last activity, 16 random
    /// bytes. Text: its id. Answers the id of the one that is joined.
    pub const SESSION: u8 = 25;
}

/// Parts texts from one another; none has it.
pub const SEPARATOR: u8 = 0;

/// The most texts that cross the border at once.
const MAX_TEXTS: usize = 7;

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
}

impl<'a> Input<'a> {
    /// Reads an input; none for a kind that is not known.
    #[inline(always)]
    pub fn read(kind: u8, from: &mut Reader<'a>) -> Option<Self> {
        let [first, second, third, fourth, ..] = from.texts;
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
                kind: first,
                message: second,
                stack: third,
                url: fourth,
            }),
            6 => Self::Fetched(Fetched {
                start_ms: from.number(),
                end_ms: from.number(),
                status: from.number() as u32,
                traceparent: first,
                method: second,
                url: third,
                error: fourth,
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
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn the_kinds_are_those_of_the_package() {
        let source = include_str!("../npm/src/input.ts");
        for (number, kind) in KINDS.iter().enumerate() {
            let line = format!("  {kind} = {number},");
            assert!(source.contains(&line), "input.ts lacks {line:?}");
            let input = Input::read(number as u8, &mut Reader::new(&[], "")).unwrap();
            assert!(format!("{input:?}").starts_with(kind));
        }
        assert!(Input::read(KINDS.len() as u8, &mut Reader::new(&[], "")).is_none());
        for (call, number) in [
            ("Start", call::START),
            ("Next", call::NEXT),
            ("Settled", call::SETTLED),
            ("Phases", call::PHASES),
            ("Waiting", call::WAITING),
            ("Restore", call::RESTORE),
            ("Device", call::DEVICE),
            ("Session", call::SESSION),
        ] {
            let line = format!("  {call} = {number},");
            assert!(source.contains(&line), "input.ts lacks {line:?}");
            assert!(Input::read(number, &mut Reader::new(&[], "")).is_none());
        }
    }

    #[test]
    fn numbers_and_texts_come_in_order() {
        let texts = ["00-x", "PUT", "https://shop.example/", "TypeError"].join("\0");
        let numbers = [1.5, 9.0, 503.0];
        let Some(Input::Fetched(fetched)) = Input::read(6, &mut Reader::new(&numbers, &texts))
        else {
            panic!("no fetch");
        };
        assert_eq!(
            (fetched.start_ms, fetched.end_ms, fetched.status),
            (1.5, 9.0, 503)
        );
        assert_eq!(fetched.method, "PUT");
        assert_eq!(fetched.error, "TypeError");

        let loaded = Input::read(7, &mut Reader::new(&[80.0, 1.0, 2.0], ""));
        let Some(Input::DocumentLoad { end_ms, phases_ms }) = loaded else {
            panic!("no load");
        };
        assert_eq!((end_ms, phases_ms), (80.0, &[1.0, 2.0][..]));
    }

    #[test]
    fn what_is_missing_is_no_number_and_no_text() {
        let empty = String::new();
        let Some(Input::Thrown(thrown)) = Input::read(5, &mut Reader::new(&[], &empty)) else {
            panic!("no error");
        };
        assert!(thrown.at_ms.is_nan());
        assert_eq!(thrown.stack, "");
    }
}
