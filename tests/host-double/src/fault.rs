//! Ways for a host function to fail.

use serde::Deserialize;

/// What a host function does in place of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It gives this status and does nothing.
    Status(u32),
    /// It says that all is well and gives nonsense.
    Garbage(Garbage),
}

/// Nonsense. What a function gives that returns no bytes is one of numbers:
/// zero for [`Garbage::Untouched`], else the greatest there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Garbage {
    /// Nothing is written to where the answer belongs.
    Untouched,
    /// A place, and a size of zero.
    Empty,
    /// No place, and a size.
    NullWithSize,
    /// One byte.
    Short,
    /// Bytes that are no text, and as a map or number make no sense.
    NoText,
    /// A map of 1,024 headers and 1 MiB, well formed, its values no text.
    HugeMap,
    /// A map that announces more headers than it has.
    BrokenMap,
}

/// All of them.
pub const GARBAGE: [Garbage; 7] = [
    Garbage::Untouched,
    Garbage::Empty,
    Garbage::NullWithSize,
    Garbage::Short,
    Garbage::NoText,
    Garbage::HugeMap,
    Garbage::BrokenMap,
];

const HUGE_HEADERS: usize = 1024;
const MIB: usize = 1 << 20;

impl Garbage {
    /// The bytes that stand for what was asked for; none where none are given.
    pub fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Untouched | Self::NullWithSize => None,
            Self::Empty => Some(Vec::new()),
            Self::Short => Some(vec![b'1']),
            Self::NoText => Some(vec![0xff; 64]),
            Self::HugeMap => Some(huge_map()),
            Self::BrokenMap => {
                let mut bytes = crate::host::serialize(&[(b":path".into(), b"/a".into())]);
                bytes[0] = 200;
                Some(bytes)
            }
        }
    }
}

fn huge_map() -> Vec<u8> {
    let names = [
        ":path",
        ":method",
        "x-request-id",
        "traceparent",
        "baggage",
        "tracestate",
    ];
    let pairs: Vec<_> = (0..HUGE_HEADERS)
        .map(|at| {
            let name = names
                .get(at)
                .map_or(format!("x-{at}"), |name| (*name).to_owned());
            let value = vec![0x80 | (at % 128) as u8; MIB / HUGE_HEADERS - 16];
            (name.into_bytes(), value)
        })
        .collect();
    crate::host::serialize(&pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_huge_map_is_as_large_as_a_host_allows() {
        let size = huge_map().len();
        assert!((MIB - 4096..=MIB).contains(&size), "{size}");
    }
}
