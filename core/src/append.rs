//! Appending to texts and bytes, in one place each. The standard library's own
//! methods are inlined into every caller, where growing the buffer takes five
//! times the code of a call; the browser engine, whose bytes are counted,
//! appends in a hundred places. They also bring the words of a panic along, for
//! a buffer of half the address space; here that traps without a word.

use alloc::alloc::{Layout, alloc, dealloc};
use alloc::string::String;
use alloc::vec::Vec;

/// [`String::push_str`].
#[inline(never)]
pub fn text(to: &mut String, more: &str) {
    // SAFETY: a text behind a text is one.
    bytes(unsafe { to.as_mut_vec() }, more.as_bytes());
}

/// [`Vec::extend_from_slice`].
#[inline(never)]
pub fn bytes(to: &mut Vec<u8>, more: &[u8]) {
    reserve(to, more.len());
    let len = to.len();
    // SAFETY: there is room for as many, which nobody else can see.
    unsafe {
        let end = to.as_mut_ptr().add(len);
        end.copy_from_nonoverlapping(more.as_ptr(), more.len());
        to.set_len(len.wrapping_add(more.len()));
    }
}

/// [`Vec::push`].
#[inline(never)]
pub fn item<T>(to: &mut Vec<T>, one: T) {
    reserve(to, 1);
    let len = to.len();
    // SAFETY: there is room for it.
    unsafe {
        to.as_mut_ptr().add(len).write(one);
        to.set_len(len.wrapping_add(1));
    }
}

/// Makes room for so many more, in a buffer twice as large.
fn reserve<T>(to: &mut Vec<T>, more: usize) {
    let (len, room) = (to.len(), to.capacity());
    if room.wrapping_sub(len) >= more {
        return;
    }
    let wanted = len.saturating_add(more).max(room.wrapping_mul(2)).max(8);
    let bytes = |items: usize| items.saturating_mul(size_of::<T>());
    // SAFETY: the block is that of the vector, and holds so many bytes; the
    // vector is not dropped, but goes on with the new one.
    unsafe {
        let block = to.as_mut_ptr().cast();
        let block = moved(block, bytes(room), bytes(wanted), align_of::<T>());
        core::ptr::write(to, Vec::from_raw_parts(block.cast(), len, wanted));
    }
}

/// A larger block with the bytes of this one, which is freed unless it is empty.
///
/// # Safety
/// The block has so many bytes and this alignment.
#[inline(never)]
unsafe fn moved(block: *mut u8, bytes: usize, wanted: usize, align: usize) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(wanted, align) else {
        out_of_memory()
    };
    // SAFETY: the layout is not empty; that of the block was as good.
    unsafe {
        let larger = alloc(layout);
        if larger.is_null() {
            out_of_memory()
        }
        larger.copy_from_nonoverlapping(block, bytes);
        if bytes > 0 {
            dealloc(block, Layout::from_size_align_unchecked(bytes, align));
        }
        larger
    }
}

fn out_of_memory() -> ! {
    #[cfg(target_family = "wasm")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_family = "wasm"))]
    alloc::alloc::handle_alloc_error(Layout::new::<u8>())
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
        digit(to, byte >> 4);
        digit(to, byte & 15);
    }
}

/// A hexadecimal digit; nothing for a number that is none.
#[inline(never)]
pub fn digit(to: &mut String, digit: u8) {
    let at = usize::from(digit);
    text(to, "0123456789abcdef".get(at..=at).unwrap_or_default());
}

/// A number in decimal, with at least so many digits. Without the formatting machinery, which
/// would be most of what a line of a log costs.
pub fn decimal(to: &mut String, number: u64, least: usize) {
    // As many digits as the largest number has.
    let mut digits = [b'0'; 20];
    let mut rest = number;
    let mut written = 0;
    for digit in digits.iter_mut().rev() {
        if rest == 0 && written >= least {
            break;
        }
        *digit = b'0' | (rest % 10) as u8;
        rest /= 10;
        written = written.saturating_add(1);
    }
    let digits = digits.get(digits.len().saturating_sub(written)..);
    to.push_str(core::str::from_utf8(digits.unwrap_or_default()).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_stands_behind_what_was_there() {
        let (mut texts, mut letters) = (Vec::new(), String::new());
        for number in 0..1000usize {
            let more = "caf\u{e9}".repeat(number % 4);
            text(&mut letters, &more);
            item(&mut texts, owned(&more));
        }
        assert_eq!(texts.len(), 1000);
        assert_eq!(texts.concat(), letters);
        let mut copy = Vec::new();
        let (start, end) = letters.split_at(250);
        for half in [start, "", end] {
            bytes(&mut copy, half.as_bytes());
        }
        assert_eq!(copy, letters.as_bytes());
    }

    #[test]
    fn hexadecimal_digits_are_two_for_a_byte() {
        let mut digits = owned("id ");
        hex(&mut digits, &[0, 0x1f, 0xa9, 0xff]);
        assert_eq!(digits, "id 001fa9ff");
    }
}
