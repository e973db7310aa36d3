//! One JSON object on one line ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)),
//! writing only. Whatever stands in a value, the line stays one line and one
//! object: what could end it, or steer the terminal or the editor that shows
//! it, is escaped.

use crate::append;
use alloc::string::String;
use core::fmt::Write;

/// An object that is being written. [`Object::finish`] closes it. Keys are of
/// letters, digits, `-` and `_`: they are not escaped.
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut String,
    is_empty: bool,
}

impl<'o> Object<'o> {
    /// Opens an object at the end of a text.
    pub fn open(out: &'o mut String) -> Self {
        out.push('{');
        Self {
            out,
            is_empty: true,
        }
    }

    /// A text, cut off after `max_bytes` of it.
    pub fn text(&mut self, key: &str, value: &str, max_bytes: usize) {
        self.key(key);
        write_text(self.out, value, max_bytes);
    }

    /// A whole number.
    pub fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        append::decimal(self.out, value, 1);
    }

    /// A number of thousandths, such as `12.345` for 12345.
    pub fn thousandths(&mut self, key: &str, value: u64) {
        self.key(key);
        append::decimal(self.out, value / 1000, 1);
        self.out.push('.');
        append::decimal(self.out, value % 1000, 3);
    }

    /// An object within this one.
    pub fn object(&mut self, key: &str) -> Object<'_> {
        self.key(key);
        Object::open(self.out)
    }

    /// Closes the object.
    pub fn finish(self) {
        self.out.push('}');
    }

    fn key(&mut self, key: &str) {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }
}

fn write_text(out: &mut String, text: &str, max_bytes: usize) {
    out.push('"');
    let mut left = max_bytes;
    let mut rest = text;
    loop {
        // Most texts are plain from one end to the other.
        let bytes = rest.as_bytes();
        let bytes = bytes.get(..left).unwrap_or(bytes);
        let plain = bytes.iter().position(|byte| !is_plain(*byte));
        let plain = plain.unwrap_or(bytes.len());
        let (run, behind) = rest.split_at_checked(plain).unwrap_or_default();
        out.push_str(run);
        left = left.saturating_sub(run.len());
        let mut chars = behind.chars();
        let Some(c) = chars.next() else {
            break;
        };
        let Some(still) = left.checked_sub(c.len_utf8()) else {
            break;
        };
        left = still;
        rest = chars.as_str();
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Whether a byte is a character that stands for itself: looked up, because it is
/// asked for each byte of each line.
fn is_plain(byte: u8) -> bool {
    PLAIN.get(usize::from(byte)).is_some_and(|plain| *plain)
}

static PLAIN: [bool; 256] = plain();

// Carried out by the compiler, which refuses what would panic.
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
const fn plain() -> [bool; 256] {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'"' | b'\\');
        byte += 1;
    }
    plain
}

/// Control characters, line and paragraph separators, and the marks that turn
/// the direction of writing and so can make a line read as another one
/// ([CVE-2021-42574](https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing)).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: &str, max_bytes: usize) -> String {
        let mut out = String::new();
        let mut object = Object::open(&mut out);
        object.text("a", value, max_bytes);
        object.finish();
        out
    }

    #[test]
    fn an_object_has_its_members_in_order() {
        let mut out = String::from("x");
        let mut object = Object::open(&mut out);
        object.text("a", "1", 9);
        object.number("b", u64::MAX);
        object.thousandths("c", 12_005);
        object.thousandths("z", 7);
        let mut inner = object.object("d");
        inner.number("e", 0);
        inner.finish();
        object.object("f").finish();
        object.finish();
        assert_eq!(
            out,
            r#"x{"a":"1","b":18446744073709551615,"c":12.005,"z":0.007,"d":{"e":0},"f":{}}"#
        );
    }

    #[test]
    fn what_could_leave_its_value_is_escaped() {
        for (value, written, why) in [
            ("a\"b", r#"a\"b"#, "ends the text"),
            ("a\\", r"a\\", "would escape the quote behind it"),
            ("a\r\nb\t", r"a\r\nb\t", "starts a line"),
            ("\0\u{1b}[2J", r"\u0000\u001b[2J", "clears a terminal"),
            (
                "\u{7f}\u{9b}",
                r"\u007f\u009b",
                "delete, and the short form of ESC [",
            ),
            ("\u{2028}", r"\u2028", "a line to JavaScript"),
            ("\u{202e}gnp.exe", r"\u202egnp.exe", "reads backwards"),
            ("caf\u{e9} \u{1f600}", "caf\u{e9} \u{1f600}", "harmless"),
        ] {
            assert_eq!(
                text(value, 99),
                alloc::format!("{{\"a\":\"{written}\"}}"),
                "{why}"
            );
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(text("ab\u{e9}", 3), r#"{"a":"ab"}"#);
        assert_eq!(text("ab\u{e9}", 4), "{\"a\":\"ab\u{e9}\"}");
    }

    proptest! {
        #[test]
        fn any_text_stays_in_its_line(value in any::<String>()) {
            let line = text(&value, usize::MAX);
            let safe = |c: char| !is_unsafe(c);
            prop_assert!(line.chars().all(safe), "{}", line);
            let inner = line.strip_prefix("{\"a\":\"").unwrap().strip_suffix("\"}").unwrap();
            // No quote is left that is not escaped.
            let mut escaped = false;
            for c in inner.chars() {
                prop_assert!(escaped || c != '"', "{}", line);
                escaped = !escaped && c == '\\';
            }
            prop_assert!(!escaped);
        }
    }
}
