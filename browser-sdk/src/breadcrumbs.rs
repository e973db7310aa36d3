//! What happened lately, in a line each, for the error that may come.

use alloc::string::String;

use sightline_core::append;
use sightline_core::redact;
use sightline_core::search::{split, split_once};

use crate::page::truncated;

/// Bytes of all lines at most: the newest stay.
pub const MAX_BYTES: usize = 2048;
const MAX_LINE: usize = 200;

/// The lines, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Breadcrumbs {
    /// `1234 click #buy`: milliseconds since the page began, what, where.
    pub lines: String,
}

impl Breadcrumbs {
    /// Adds one.
    pub fn add(&mut self, at_ms: f64, kind: &str, text: &str) {
        let mut line = decimal(at_ms as u32);
        for part in &[kind, truncated(&redact::text(text), MAX_LINE)] {
            append::text(&mut line, " ");
            append::text(&mut line, part);
        }
        if !self.lines.is_empty() {
            append::text(&mut self.lines, "\n");
        }
        // One line each, whatever is in it.
        for piece in split(&line, b'\n') {
            append::text(&mut self.lines, piece);
        }
        while self.lines.len() > MAX_BYTES
            && let Some((_, newer)) = split_once(&self.lines, "\n")
        {
            self.lines = append::owned(newer);
        }
    }
}

/// A number, without the formatting machinery and without what the edge's own
/// needs, which is faster and five times the bytes.
pub fn decimal(number: u32) -> String {
    let mut text = match number / 10 {
        0 => String::new(),
        tens => decimal(tens),
    };
    append::digit(&mut text, (number % 10) as u8);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn numbers_are_written_whole() {
        for number in [0, 7, 10, 99, 100, 404, 4_294_967_295] {
            assert_eq!(decimal(number), format!("{number}"));
        }
    }

    #[test]
    fn the_newest_stay_redacted_in_a_line_each() {
        let mut breadcrumbs = Breadcrumbs::default();
        for at in 0..1000 {
            breadcrumbs.add(f64::from(at), "click", "#a\nb token=hunter2hunter2");
            assert!(breadcrumbs.lines.len() <= MAX_BYTES);
        }
        let lines: alloc::vec::Vec<_> = breadcrumbs.lines.lines().collect();
        assert_eq!(lines.last(), Some(&"999 click #ab token=REDACTED"));
        assert!(lines.len() > 20 && lines.iter().all(|line| line.ends_with("REDACTED")));
    }
}
