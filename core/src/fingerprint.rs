//! What different tellings of one error have in common: its class, and of the calls
//! that led to it functions and files, without what a build or a browser makes of
//! them. Where a build left functions no names, the message stands for them.
//!
//! It reads a line of a stack as words, which are the same in all engines, and so
//! takes a tenth of the bytes of [`crate::stack`], of which pages have none to spare.

use crate::search::{after_last, cut, position, split, split_once, trim_start};

/// So many of the innermost calls count.
const MAX_FRAMES: usize = 5;
/// Shorter names of functions are a minifier's.
const MIN_NAME: usize = 3;
/// What parts words. No name of a function or a file has them.
const BETWEEN: &[u8] = b" .-~/:;,'\"()[]{}<>=@*?#";

/// Of an error's class, message and stack; as good as unique, and the same for
/// errors that are the same. Lines, columns, hosts and folders don't count, nor do
/// words with digits in them: they are hashes of a build, or what differs each time.
pub fn fingerprint(kind: &str, message: &str, stack: &str) -> u64 {
    let mut hash = Fnv::default();
    hash.word(kind);
    let (mut count, mut has_names) = (0usize, false);
    // V8 begins with class and message, which may look like a call.
    let has_head = !message.is_empty() && stack.starts_with(kind);
    let behind = split_once(stack, message).filter(|_| has_head);
    for line in split(behind.map_or(stack, |(_, behind)| behind), b'\n') {
        // Not so: the browser's own functions.
        let Some((before, location)) = split_once(line, "://") else {
            continue;
        };
        if count == MAX_FRAMES {
            break;
        }
        count = count.wrapping_add(1);
        // The last word is the scheme, that before it names the function.
        let (mut function, mut last) = ("", "");
        let mut rest = before;
        while let Some(word) = next_word(&mut rest) {
            function = last;
            last = word;
        }
        if function.len() >= MIN_NAME && function != "anonymous" {
            has_names = true;
            hash.word(function);
        }
        hash.add_all(after_last(cut(location, b"?#").0, b"/"));
    }
    if !has_names {
        hash.add_all(message);
    }
    hash.0
}

/// Takes the next word, if there is one.
#[inline(never)]
fn next_word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (word, more) = cut(trim_start(rest, BETWEEN), BETWEEN);
    *rest = more;
    (!word.is_empty()).then_some(word)
}

/// FNV-1a of words.
#[derive(Clone, Copy, Debug)]
pub struct Fnv(pub u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// The words that have no digit.
    #[inline(never)]
    fn add_all(&mut self, mut rest: &str) {
        while let Some(word) = next_word(&mut rest) {
            if position(word, b"0123456789").is_none() {
                self.word(word);
            }
        }
    }

    /// A word, and what none has behind it: they do not run together.
    #[inline(never)]
    pub fn word(&mut self, word: &str) {
        for byte in word.bytes() {
            self.byte(byte);
        }
        self.byte(0xff);
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    const V8: &str = "TypeError: no cart 17
    at Cart.total (https://shop.example/_next/static/chunks/cart-3f2a91bc.js?v=1:1:2345)
    at new Checkout (https://shop.example/_next/static/chunks/cart-3f2a91bc.js:1:99)
    at Array.map (<anonymous>)
    at HTMLButtonElement.<anonymous> (https://shop.example/app.js:7:1)";
    const GECKO: &str = "total@http://127.0.0.1:8080/_next/static/chunks/cart-99aa00ff.js:2:17
Checkout@http://127.0.0.1:8080/_next/static/chunks/cart-99aa00ff.js:9:1
@http://127.0.0.1:8080/app.js:8:3
";

    #[test]
    fn an_error_is_the_same_in_another_build_browser_and_place() {
        let one = fingerprint("TypeError", "no cart 17", V8);
        assert_eq!(one, fingerprint("TypeError", "there is no cart", GECKO));
    }

    #[test]
    fn a_url_in_the_message_is_no_call() {
        let of = |name: &str| {
            let message = alloc::format!("cannot load https://api.example/users/{name}");
            let frame = "at total (https://shop.example/cart.js:1:2)";
            let stack = alloc::format!("TypeError: {message}\n    {frame}");
            fingerprint("TypeError", &message, &stack)
        };
        assert_eq!(of("ada"), of("bob"));
        let gecko = "total@https://shop.example/cart.js:7:1";
        assert_eq!(of("ada"), fingerprint("TypeError", "failed", gecko));
    }

    #[test]
    fn errors_differ_by_class_function_and_file() {
        let one = fingerprint("TypeError", "m", V8);
        for (kind, stack) in [
            ("RangeError", String::from(V8)),
            ("TypeError", V8.replace("total", "sum")),
            ("TypeError", V8.replace("app.js", "main.js")),
        ] {
            assert_ne!(one, fingerprint(kind, "m", &stack), "{kind} {stack}");
        }
    }

    #[test]
    fn where_functions_have_no_names_the_message_counts_without_what_differs() {
        let minified = "t@https://shop.example/app.js:1:2\nn@https://shop.example/app.js:1:9";
        let of = |message, stack| fingerprint("Error", message, stack);
        assert_eq!(
            of("item 17 of a1b2c3 is gone", minified),
            of("item 4 of 99 is gone", minified)
        );
        assert_ne!(of("an item is gone", minified), of("no item", minified));
        assert_ne!(of("an item is gone", ""), of("no item", ""));
    }

    proptest! {
        #[test]
        fn any_text_has_one(kind in ".{0,20}", message in ".{0,60}", stack in "([ -~\u{e9}\n]|://|:7){0,60}") {
            fingerprint(&kind, &message, &stack);
        }
    }
}
