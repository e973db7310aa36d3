//! The form in which proxy-wasm passes headers: a count, the sizes of all
//! names and values, then the bytes of each with a zero byte behind it
//! ([ABI](https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1#built-in-types)).
//! Names and values are bytes: nobody promises UTF-8.

/// Headers in serialized form. Whatever the bytes are, iterating ends and
/// yields only what lies within them.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeaderMap<'a> {
    bytes: &'a [u8],
}

impl<'a> HeaderMap<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Name and value of every header line, in the order received; names are
    /// lower-case.
    pub fn lines(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let count = read_u32(self.bytes).unwrap_or_default();
        let sizes = self.bytes.get(4..).unwrap_or_default();
        let table = count.checked_mul(8).filter(|table| *table <= sizes.len());
        let (sizes, mut data) = sizes
            .split_at_checked(table.unwrap_or_default())
            .unwrap_or_default();
        sizes.chunks_exact(8).map_while(move |pair| {
            let name = take(&mut data, read_u32(pair)?)?;
            let value = take(&mut data, read_u32(pair.get(4..)?)?)?;
            Some((name, value))
        })
    }
}

fn read_u32(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

/// So many bytes and the zero behind them.
fn take<'a>(data: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (taken, rest) = data.split_at_checked(size)?;
    *data = rest.get(1..)?;
    Some(taken)
}

/// Serializes headers.
pub fn serialize(headers: &[(&str, &[u8])]) -> Vec<u8> {
    let size = |text: usize| u32::try_from(text).unwrap_or_default().to_le_bytes();
    let mut bytes = Vec::from(size(headers.len()));
    for (name, value) in headers {
        bytes.extend(size(name.len()));
        bytes.extend(size(value.len()));
    }
    for (name, value) in headers {
        for text in [name.as_bytes(), value] {
            bytes.extend_from_slice(text);
            bytes.push(0);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_it_serializes_in_order() {
        let headers: [(&str, &[u8]); 4] = [
            (":path", b"/"),
            ("tracestate", b"a=1"),
            ("x-empty", b""),
            ("tracestate", b"\xff\0"),
        ];
        let bytes = serialize(&headers);
        let read: Vec<_> = HeaderMap::new(&bytes).lines().collect();
        assert_eq!(read, headers.map(|(name, value)| (name.as_bytes(), value)));
        assert_eq!(HeaderMap::new(&serialize(&[])).lines().count(), 0);
    }

    #[test]
    fn what_is_cut_off_is_not_there() {
        let bytes = serialize(&[("a", b"1"), ("b", b"2")]);
        for end in 0..bytes.len() {
            let whole = HeaderMap::new(&bytes[..end]).lines().count();
            assert!(whole < 2, "{end} bytes");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(HeaderMap::new(&bytes).lines().count() <= bytes.len());
        }

        #[test]
        fn a_lying_table_is_survived(count in 0u32..5, sizes in proptest::collection::vec(0u32..50, 0..10), data in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = count.to_le_bytes().to_vec();
            sizes.iter().for_each(|size| bytes.extend(size.to_le_bytes()));
            bytes.extend(data);
            let _ = HeaderMap::new(&bytes).lines().count();
        }
    }
}
