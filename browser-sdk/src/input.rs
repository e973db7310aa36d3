//! What the page tells the engine: a kind, numbers and texts, as they cross the
//! border from JavaScript. One narrow gate for everything costs fewer bytes of
//! glue than a method for each. The kinds are listed again in `npm/src/input.ts`;
//! a test compares the two.

use crate::signals::errors::Thrown;
use crate::signals::fetch::Fetched;

/// Something that happened. Times are `DOMHighResTimeStamp`s.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The first contentful paint.
    FirstContentfulPaint {
        /// When.
        paint_ms: f64,
    },
    /// A contentful paint larger than all before.
    LargestContentfulPaint {
        /// When.
        paint_ms: f64,
    },
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
    },
    /// An event of an interaction.
    Event {
        /// The interaction; 0 for none.
        interaction_id: f64,
        /// Up to the next paint.
        duration_ms: f64,
    },
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
    /// Inputs were lost before the engine was there.
    Lost {
        /// The buffer had no room.
        beyond_buffer: u32,
        /// Errors like the one before.
        repeated: u32,
    },
}

/// The kinds in the order of their numbers, which start at 0.
pub const KINDS: [&str; 10] = [
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
];

/// Parts texts from one another; none has it.
pub const SEPARATOR: char = '\0';

impl<'a> Input<'a> {
    /// Reads an input; none for a kind that is not known. A number that is
    /// missing is NaN, a text that is missing is empty.
    pub fn read(kind: u8, numbers: &'a [f64], texts: &'a str) -> Option<Self> {
        let mut rest_of_numbers = numbers;
        let mut number = || {
            let (first, rest) = rest_of_numbers.split_first()?;
            rest_of_numbers = rest;
            Some(*first)
        };
        let mut number = || number().unwrap_or(f64::NAN);
        let mut texts = texts.split(SEPARATOR);
        let mut text = || texts.next().unwrap_or_default();
        Some(match kind {
            0 => Self::FirstContentfulPaint { paint_ms: number() },
            1 => Self::LargestContentfulPaint { paint_ms: number() },
            2 => Self::FirstInput { now_ms: number() },
            3 => Self::LayoutShift {
                value: number(),
                at_ms: number(),
            },
            4 => Self::Event {
                interaction_id: number(),
                duration_ms: number(),
            },
            5 => Self::Thrown(Thrown {
                at_ms: number(),
                kind: text(),
                message: text(),
                stack: text(),
                url: text(),
            }),
            6 => Self::Fetched(Fetched {
                start_ms: number(),
                end_ms: number(),
                status: number() as u16,
                traceparent: text(),
                method: text(),
                url: text(),
                error: text(),
            }),
            7 => Self::DocumentLoad {
                end_ms: number(),
                phases_ms: numbers.get(1..).unwrap_or_default(),
            },
            8 => Self::Hidden {
                now_ms: number(),
                interaction_count: number(),
            },
            9 => Self::Lost {
                beyond_buffer: number() as u32,
                repeated: number() as u32,
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
            let line = format!("  {kind}: {number},");
            assert!(source.contains(&line), "input.ts lacks {line:?}");
            let input = Input::read(number as u8, &[], "").unwrap();
            assert!(format!("{input:?}").starts_with(kind));
        }
        assert!(Input::read(KINDS.len() as u8, &[], "").is_none());
    }

    #[test]
    fn numbers_and_texts_come_in_order() {
        let texts = ["00-x", "PUT", "https://shop.example/", "TypeError"].join("\0");
        let numbers = [1.5, 9.0, 503.0];
        let Some(Input::Fetched(fetched)) = Input::read(6, &numbers, &texts) else {
            panic!("no fetch");
        };
        assert_eq!(
            (fetched.start_ms, fetched.end_ms, fetched.status),
            (1.5, 9.0, 503)
        );
        assert_eq!(fetched.method, "PUT");
        assert_eq!(fetched.error, "TypeError");

        let loaded = Input::read(7, &[80.0, 1.0, 2.0], "");
        let Some(Input::DocumentLoad { end_ms, phases_ms }) = loaded else {
            panic!("no load");
        };
        assert_eq!((end_ms, phases_ms), (80.0, &[1.0, 2.0][..]));
    }

    #[test]
    fn what_is_missing_is_no_number_and_no_text() {
        let empty = String::new();
        let Some(Input::Thrown(thrown)) = Input::read(5, &[], &empty) else {
            panic!("no error");
        };
        assert!(thrown.at_ms.is_nan());
        assert_eq!(thrown.stack, "");
    }
}
