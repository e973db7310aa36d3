//! Appending to texts and bytes, in one place each. The standard library's own
//! methods are inlined into every caller, where growing the buffer takes five
//! times the code of a call; the browser engine, whose bytes are counted,
//! appends in a hundred places.

use alloc::string::String;
use alloc::vec::Vec;

/// [`String::push_str`].
#[inline(never)]
pub fn text(to: &mut String, more: &str) {
    to.push_str(more);
}

/// [`Vec::extend_from_slice`].
#[inline(never)]
pub fn bytes(to: &mut Vec<u8>, more: &[u8]) {
    to.extend_from_slice(more);
}

/// [`Vec::push`].
#[inline(never)]
pub fn item<T>(to: &mut Vec<T>, one: T) {
    to.push(one);
}

/// A text of one's own.
#[inline(never)]
pub fn owned(text: &str) -> String {
    let mut owned = String::new();
    self::text(&mut owned, text);
    owned
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(to: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            let at = usize::from(digit);
            text(to, "0123456789abcdef".get(at..=at).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_are_two_for_a_byte() {
        let mut digits = owned("id ");
        hex(&mut digits, &[0, 0x1f, 0xa9, 0xff]);
        assert_eq!(digits, "id 001fa9ff");
    }
}
