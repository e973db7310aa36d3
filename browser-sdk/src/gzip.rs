//! Gzip in one synchronous call, because what a page sends while it is left may
//! not wait: LZ77 with the last place of each three bytes, and the fixed Huffman
//! codes ([RFC 1951](https://www.rfc-editor.org/rfc/rfc1951) 3.2.6) in one block.
//! Left out for their bytes of code: chains of places, lazy matches, codes made
//! for the input. An OTLP body still shrinks to a fifth.

use alloc::vec::Vec;

use sightline_core::append;

/// Magic, deflate, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const HASH_BITS: u32 = 12;
const MAX_DISTANCE: usize = 32 * 1024;
const MIN_LENGTH: usize = 3;
/// One less than allowed: 258 alone breaks the rule by which the codes of
/// lengths are numbered.
const MAX_LENGTH: usize = 257;

/// A gzip member of this input.
pub fn gzip(input: &[u8]) -> Vec<u8> {
    let mut out = Bits {
        bytes: Vec::new(),
        held: 0,
        count: 0,
    };
    append::bytes(&mut out.bytes, &HEADER);
    // The last block, of fixed codes.
    out.put(0b011, 3);
    // Where three bytes of this hash were seen last, plus one.
    let mut places = [0u32; 1 << HASH_BITS];
    let mut crc = u32::MAX;
    // Bytes of the last match that are still to pass.
    let mut matched = 0usize;
    for (at, byte) in input.iter().enumerate() {
        crc = crc_step(crc, *byte);
        let here = input.get(at..).unwrap_or_default();
        let before = hash(here).and_then(|hash| places.get_mut(hash));
        let before = before.map_or(0, |place| {
            core::mem::replace(place, at.wrapping_add(1) as u32)
        });
        let before = before as usize;
        if matched > 0 {
            matched = matched.wrapping_sub(1);
            continue;
        }
        let there = input.get(before.wrapping_sub(1)..).unwrap_or_default();
        let mut length = 0usize;
        while length < MAX_LENGTH
            && here
                .get(length)
                .is_some_and(|byte| there.get(length) == Some(byte))
        {
            length = length.wrapping_add(1);
        }
        // From 0, as the codes have it.
        let distance = at.wrapping_sub(before);
        if length < MIN_LENGTH || distance >= MAX_DISTANCE {
            out.symbol(u32::from(*byte));
        } else {
            let (code, bits, extra) = coded(length.wrapping_sub(MIN_LENGTH) as u32, 2);
            out.symbol(code.wrapping_add(257));
            out.put(extra, bits);
            let (code, bits, extra) = coded(distance as u32, 1);
            out.code(code, 5);
            out.put(extra, bits);
            matched = length.wrapping_sub(1);
        }
    }
    out.symbol(256);
    // Up to a whole byte.
    out.put(0, 7);
    append::bytes(&mut out.bytes, &(!crc).to_le_bytes());
    append::bytes(&mut out.bytes, &(input.len() as u32).to_le_bytes());
    out.bytes
}

/// Of the first three bytes; none where there are fewer.
fn hash(bytes: &[u8]) -> Option<usize> {
    let [a, b, c] = *bytes.first_chunk()?;
    let number = u32::from_le_bytes([a, b, c, 0]);
    let shift = u32::BITS.wrapping_sub(HASH_BITS);
    Some(number.wrapping_mul(0x9e37_79b1).wrapping_shr(shift) as usize)
}

/// Number of the code, count and value of its extra bits. Every power of two is
/// parted into `1 << parts` codes, those of lengths and of distances alike.
#[inline(never)]
fn coded(value: u32, parts: u32) -> (u32, u32, u32) {
    let bits = (value | 1).ilog2().saturating_sub(parts);
    let high = value.wrapping_shr(bits);
    let code = bits.wrapping_shl(parts).wrapping_add(high);
    (code, bits, value ^ high.wrapping_shl(bits))
}

/// Bit by bit: a table costs more bytes than it saves time.
fn crc_step(crc: u32, byte: u8) -> u32 {
    let step = |crc: u32, _| crc.wrapping_shr(1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1));
    (0..8).fold(crc ^ u32::from(byte), step)
}

/// Bits, the lowest of a byte first.
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    #[inline(never)]
    fn put(&mut self, value: u32, bits: u32) {
        self.held |= value.wrapping_shl(self.count);
        self.count = self.count.wrapping_add(bits);
        while self.count >= 8 {
            append::item(&mut self.bytes, self.held as u8);
            self.held = self.held.wrapping_shr(8);
            self.count = self.count.wrapping_sub(8);
        }
    }

    /// A Huffman code, whose highest bit comes first.
    fn code(&mut self, code: u32, bits: u32) {
        let shift = u32::BITS.wrapping_sub(bits);
        self.put(code.reverse_bits().wrapping_shr(shift), bits);
    }

    /// A literal, a length or the end, by the fixed codes.
    fn symbol(&mut self, symbol: u32) {
        let (first, bits) = match symbol {
            0..=143 => (0x30, 8),
            144..=255 => (0x190 - 144, 9),
            256..=279 => (0u32.wrapping_sub(256), 7),
            _ => (0xc0u32.wrapping_sub(280), 8),
        };
        self.code(symbol.wrapping_add(first), bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec;
    use flate2::read::MultiGzDecoder;
    use proptest::prelude::*;
    use std::io::Read;

    extern crate std;

    fn decoded(bytes: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        let read = MultiGzDecoder::new(bytes).read_to_end(&mut content);
        read.expect("a gzip member with its checksum and length");
        content
    }

    #[test]
    fn every_length_and_every_power_of_distance_comes_back() {
        for length in 0..600 {
            let same = vec![b'a'; length];
            assert_eq!(decoded(&gzip(&same)), same);
        }
        // The same ten bytes, so far apart; what lies between has no matches.
        for gap in [1, 2, 7, 255, 4_096, 32_757, 32_758, 32_759, 40_000, 70_000] {
            let mut state = 1u32;
            let noise = (0..gap).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            });
            let mut far: Vec<u8> = b"0123456789".to_vec();
            far.extend(noise);
            far.extend_from_slice(b"0123456789");
            assert_eq!(decoded(&gzip(&far)), far, "{gap}");
        }
    }

    #[test]
    fn repeated_text_shrinks_to_a_fraction() {
        let mut text = String::new();
        for number in 0..200 {
            text.push_str(&format!("GET https://shop.example/api/products/{number};"));
        }
        let compressed = gzip(text.as_bytes()).len();
        let bound = text.len() / 5;
        assert!(compressed < bound, "{compressed} of {}", text.len());
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..5_000)) {
            prop_assert_eq!(decoded(&gzip(&bytes)), bytes);
        }

        /// Few different bytes, so that there are many matches of all kinds.
        #[test]
        fn repetitive_bytes_come_back(
            pieces in proptest::collection::vec(("[a-c]{1,9}", 1usize..80), 0..200)
        ) {
            let text: String = pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect();
            prop_assert_eq!(decoded(&gzip(text.as_bytes())), text.as_bytes());
        }
    }
}
