//! Stacks as the three engines write them, taken apart into frames. None is
//! standard: V8 writes `    at function (location)` below a line with the error's
//! name and message, SpiderMonkey and JavaScriptCore write `function@location`.

use crate::search::{
    Pieces, after_last, cut, find, has, is_any, split, split_once, trim_end, trim_start,
};

/// A call that had not returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The name of the function, as the engine makes it; may be empty.
    pub function: &'a str,
    /// The script's URL; empty, or something in `<>` or `[]`, where there is none.
    pub file: &'a str,
    /// From 1; 0 where it is not told.
    pub line: u32,
    /// From 1; 0 where it is not told.
    pub column: u32,
}

/// The frames of a stack, innermost first. V8 repeats the error's message before
/// them, and a message can look like frames.
pub fn frames<'a>(stack: &'a str, message: &str) -> Frames<'a> {
    let is_v8 = is_v8(stack);
    let behind = split_once(stack, message).filter(|_| is_v8 && !message.is_empty());
    Frames {
        lines: split(behind.map_or(stack, |(_, behind)| behind), b'\n'),
        is_v8,
    }
}

/// Whether V8 wrote a stack, or a part of one.
pub fn is_v8(stack: &str) -> bool {
    stack.starts_with("    at ") || find(stack, "\n    at ").is_some()
}

/// The frame that a single line is, of a stack that V8 wrote or another engine.
pub fn frame(line: &str, is_v8: bool) -> Option<Frame<'_>> {
    match is_v8 {
        true => of_v8(line),
        false => of_others(line),
    }
}

/// See [`frames`].
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    lines: Pieces<'a>,
    is_v8: bool,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let is_v8 = self.is_v8;
        self.lines.find_map(|line| frame(line, is_v8))
    }
}

/// `    at async Cart.total [as sum] (https://shop.example/app.js:1:2)`.
fn of_v8(line: &str) -> Option<Frame<'_>> {
    let frame = trim_start(line, b" ").strip_prefix("at ")?;
    let frame = frame.strip_prefix("async ").unwrap_or(frame);
    let Some((function, location)) = split_once(frame, " (") else {
        return Some(located("", frame));
    };
    let (function, _) = split_once(function, " [as ").unwrap_or((function, ""));
    // Code that was made by `eval` has no place but that of its maker, which
    // stands innermost.
    let location = match location.starts_with("eval at ") {
        true => cut(after_last(location, b"("), b")").0,
        false => trim_end(location, b")"),
    };
    Some(located(function, location))
}

/// `total/<@https://shop.example/app.js:1:2`.
fn of_others(line: &str) -> Option<Frame<'_>> {
    // A function's name can have an `@`, and so can the path behind a scheme.
    let scheme = find(line, "://").unwrap_or(line.len());
    let location = after_last(line.get(..scheme)?, b"@").len();
    let start = scheme.saturating_sub(location);
    let location = line.get(start..)?;
    let function = line.get(..start.saturating_sub(1))?;
    // What called it later, and functions without a name within a named one.
    let function = after_last(function, b"*");
    let (function, _) = split_once(function, "/<").unwrap_or((function, ""));
    // `app.js line 7 > eval:1:2`: the place of who made it.
    if let Some((outer, _)) = split_once(location, " > ")
        && let Some((file, line)) = split_once(outer, " line ")
    {
        let line = number(line);
        return Some(Frame {
            function,
            file,
            line,
            column: 0,
        });
    }
    let frame = located(function, location);
    let is_marked = start > 0;
    let is_placed = frame.line > 0 && (is_marked || scheme < line.len());
    let is_placeless = is_marked && (location.is_empty() || location.starts_with(['[', '<']));
    (is_placed || is_placeless).then_some(frame)
}

/// A file, and a line and a column if they stand behind it.
fn located<'a>(function: &'a str, location: &'a str) -> Frame<'a> {
    let (outer, last) = split_number(location);
    let (file, line) = split_number(outer);
    let (file, line, column) = match (line, last) {
        (0, line) => (outer, line, 0),
        both => (file, both.0, both.1),
    };
    Frame {
        function,
        file,
        line,
        column,
    }
}

/// What stands before `:7`, and the 7; all of it and 0 without one.
fn split_number(text: &str) -> (&str, u32) {
    let digits = after_last(text, b":");
    let before = text.len().saturating_sub(digits.len()).saturating_sub(1);
    match (number(digits), text.get(..before)) {
        (number @ 1.., Some(before)) if has(text, b':') => (before, number),
        _ => (text, 0),
    }
}

/// A whole number; 0 if it is none, or too large.
fn number(digits: &str) -> u32 {
    let mut number = 0u32;
    for byte in digits.bytes() {
        if !is_any(byte, b"0123456789") {
            return 0;
        }
        let more = u32::from(byte.wrapping_sub(b'0'));
        let Some(next) = number.checked_mul(10).and_then(|ten| ten.checked_add(more)) else {
            return 0;
        };
        number = next;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// The cases of `tests/cases/stacks.txt`, whose head says how they are written.
    #[test]
    fn stacks_of_three_engines_are_taken_apart() {
        let cases = include_str!("../../tests/cases/stacks.txt");
        let mut count = 0;
        for case in cases.split("\n\n").skip(1) {
            let mut lines = case.lines();
            let name = lines.next().unwrap();
            let (mut message, mut stack, mut expected) = (String::new(), Vec::new(), Vec::new());
            for line in lines {
                match line.split_at(2) {
                    ("! ", text) => message = text.replace("\\n", "\n"),
                    ("> ", text) => stack.push(text),
                    ("= ", text) => expected.push(text),
                    _ => panic!("{name}: {line}"),
                }
            }
            let stack = stack.join("\n");
            let found: Vec<_> = frames(&stack, &message)
                .map(|it| format!("{} | {} | {}:{}", it.function, it.file, it.line, it.column))
                .collect();
            assert_eq!(found, expected, "{name}");
            count += 1;
        }
        assert!(count > 30, "{count}");
    }

    proptest! {
        #[test]
        fn any_text_has_frames_within_it(stack in "([ -~\u{e9}\n]|    at |@|://|:7){0,60}", message in "[ -~]{0,9}") {
            for frame in frames(&stack, &message) {
                prop_assert!(stack.contains(frame.file) && stack.contains(frame.function));
            }
        }
    }
}
