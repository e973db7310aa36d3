//! Trace and span ids and their lower-case hexadecimal text
//! ([W3C Trace Context](https://www.w3.org/TR/trace-context-2/#trace-id)).
//! Where the random bytes come from is the caller's concern.

/// Identifies one trace: 16 bytes, never all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// Identifies one span within a trace: 8 bytes, never all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// Lower-case hexadecimal text of a fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex<const N: usize>([u8; N]);

macro_rules! id {
    ($name:ident, $bytes:literal, $hex:literal) => {
        impl $name {
            /// An id from random bytes. All-zero input, which is no valid id,
            /// becomes the id one.
            pub fn from_entropy(mut random: [u8; $bytes]) -> Self {
                if random == [0; $bytes]
                    && let Some(last) = random.last_mut()
                {
                    *last = 1;
                }
                Self(random)
            }

            /// The id that these bytes are; `None` if they are all zero.
            pub fn from_bytes(bytes: [u8; $bytes]) -> Option<Self> {
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }

            #[doc = concat!("The id written as exactly ", stringify!($hex), " lower-case")]
            /// hexadecimal digits; `None` for anything else and for all zeros.
            pub fn from_hex(text: &[u8]) -> Option<Self> {
                Self::from_bytes(decode_hex(text)?)
            }

            /// The bytes, as OTLP carries them.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// The id as lower-case hexadecimal text.
            pub fn to_hex(self) -> Hex<$hex> {
                encode_hex(&self.0)
            }
        }
    };
}
id!(TraceId, 16, 32);
id!(SpanId, 8, 16);

impl TraceId {
    /// The 56 bits that consistent probability sampling treats as random
    /// ([OpenTelemetry](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/)).
    pub fn randomness(&self) -> u64 {
        let low = self.0.iter().skip(8);
        low.fold(0u64, |value, byte| (value << 8) | u64::from(*byte)) & ((1 << 56) - 1)
    }
}

impl<const N: usize> Hex<N> {
    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text as bytes.
    pub fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}

/// Exactly `N` bytes from `2 * N` lower-case hexadecimal digits.
pub(crate) fn decode_hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    decode_into(text, &mut bytes)?;
    Some(bytes)
}

fn decode_into(text: &[u8], bytes: &mut [u8]) -> Option<()> {
    let mut digits = text.iter();
    for byte in bytes {
        *byte = decode_digits(&mut digits)?;
    }
    digits.as_slice().is_empty().then_some(())
}

/// The byte of the next two lower-case hexadecimal digits.
pub(crate) fn decode_digits(digits: &mut core::slice::Iter<'_, u8>) -> Option<u8> {
    Some((nibble(*digits.next()?)? << 4) | nibble(*digits.next()?)?)
}

fn encode_hex<const N: usize>(bytes: &[u8]) -> Hex<N> {
    let mut text = [b'0'; N];
    encode_into(bytes, &mut text);
    Hex(text)
}

fn encode_into(bytes: &[u8], text: &mut [u8]) {
    let digit = |value: u8| match value {
        0..=9 => value.wrapping_add(b'0'),
        _ => value.wrapping_add(b'a' - 10),
    };
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        if let [high, low] = pair {
            *high = digit(byte >> 4);
            *low = digit(byte & 15);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips() {
        let id = TraceId::from_hex(b"0af7651916cd43dd8448eb211c80319c").unwrap();
        assert_eq!(id.to_hex().as_str(), "0af7651916cd43dd8448eb211c80319c");
        let id = SpanId::from_entropy([0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
        assert_eq!(id.to_hex().as_str(), "b7ad6b7169203331");
    }

    #[test]
    fn refuses_what_is_no_id() {
        for (text, why) in [
            (&b""[..], "empty"),
            (b"00000000000000000000000000000000", "all zero"),
            (b"0AF7651916CD43DD8448EB211C80319C", "upper case"),
            (b"0af7651916cd43dd8448eb211c80319", "a digit short"),
            (b"0af7651916cd43dd8448eb211c80319c0", "a digit long"),
            (b"0af7651916cd43dd8448eb211c80319g", "not hexadecimal"),
        ] {
            assert_eq!(TraceId::from_hex(text), None, "{why}");
        }
    }

    #[test]
    fn entropy_never_makes_the_zero_id() {
        assert_eq!(
            SpanId::from_entropy([0; 8]).as_bytes(),
            &[0, 0, 0, 0, 0, 0, 0, 1]
        );
    }

    #[test]
    fn randomness_is_the_low_56_bits() {
        let id = TraceId::from_hex(b"ffffffffffffffffff00000000000001").unwrap();
        assert_eq!(id.randomness(), 1);
    }
}
