//! Numbers and texts as the bytes that lie in shared data: numbers in
//! [LEB128](https://en.wikipedia.org/wiki/LEB128), texts by their length.

/// Adds a number.
pub fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Adds a length.
pub fn put_len(out: &mut Vec<u8>, number: usize) {
    put(out, u64::try_from(number).unwrap_or_default());
}

/// Adds a text.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put_len(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Bytes that are being read; whatever is not there is none.
#[derive(Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// So many bytes.
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let [byte] = *self.take(1)?.first_chunk()?;
        Some(byte)
    }

    /// A number of eight bytes, little end first.
    pub fn fixed(&mut self) -> Option<u64> {
        let bytes = self.take(8)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    }

    /// A number.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'a str> {
        let len = self.size()?;
        core::str::from_utf8(self.take(len)?).ok()
    }

    /// A length.
    pub fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read_and_what_is_cut_off_is_not() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            put_text(&mut bytes, "ä");
            let mut input = Input(&bytes);
            assert_eq!((input.number(), input.text()), (Some(number), Some("ä")));
            assert_eq!(input.byte(), None);
            let mut input = Input(&bytes[..bytes.len() - 1]);
            assert_eq!((input.number(), input.text()), (Some(number), None));
        }
        assert_eq!(Input(&[0x80; 20]).number(), None, "too long");
        assert_eq!(Input(&[9, b'a']).text(), None, "longer than there is");
        assert_eq!(Input(&[1, 0xff]).text(), None, "no UTF-8");
    }
}
