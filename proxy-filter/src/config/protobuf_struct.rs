//! Reads a serialized [`google.protobuf.Struct`](https://protobuf.dev/reference/protobuf/google.protobuf/#struct)
//! as JSON. Envoy hands a `Struct` over in this form, other proxies and
//! versions as JSON text.

use serde_json::{Map, Number, Value};

/// Deeper nesting than protobuf's own parsers accept is refused.
const MAX_DEPTH: usize = 64;

/// The document, if these bytes are a whole `Struct`.
pub fn read(bytes: &[u8]) -> Option<Value> {
    read_struct(bytes, MAX_DEPTH)
}

fn read_struct(mut bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut members = Map::new();
    while !bytes.is_empty() {
        let Field::Bytes(1, mut entry) = Field::take(&mut bytes)? else {
            return None;
        };
        let (mut key, mut value) = (String::new(), Value::Null);
        while !entry.is_empty() {
            match Field::take(&mut entry)? {
                Field::Bytes(1, text) => key = text_of(text)?,
                Field::Bytes(2, bytes) => value = read_value(bytes, depth)?,
                _ => return None,
            }
        }
        members.insert(key, value);
    }
    Some(Value::Object(members))
}

fn read_value(mut bytes: &[u8], depth: usize) -> Option<Value> {
    let mut value = Value::Null;
    while !bytes.is_empty() {
        value = match Field::take(&mut bytes)? {
            Field::Varint(1, _) => Value::Null,
            Field::Fixed64(2, bits) => Number::from_f64(f64::from_bits(bits)).map(Value::Number)?,
            Field::Bytes(3, text) => Value::String(text_of(text)?),
            Field::Varint(4, truth) => Value::Bool(truth != 0),
            Field::Bytes(5, bytes) => read_struct(bytes, depth)?,
            Field::Bytes(6, bytes) => read_list(bytes, depth)?,
            _ => return None,
        };
    }
    Some(value)
}

fn read_list(mut bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let Field::Bytes(1, item) = Field::take(&mut bytes)? else {
            return None;
        };
        items.push(read_value(item, depth)?);
    }
    Some(Value::Array(items))
}

fn text_of(bytes: &[u8]) -> Option<String> {
    core::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// A field of a message: its number and its content.
enum Field<'a> {
    Varint(u64, u64),
    Fixed64(u64, u64),
    Bytes(u64, &'a [u8]),
}

impl<'a> Field<'a> {
    fn take(bytes: &mut &'a [u8]) -> Option<Self> {
        let key = take_varint(bytes)?;
        let number = key >> 3;
        match key & 7 {
            0 => Some(Self::Varint(number, take_varint(bytes)?)),
            1 => {
                let bits = take(bytes, 8)?.first_chunk()?;
                Some(Self::Fixed64(number, u64::from_le_bytes(*bits)))
            }
            2 => {
                let length = usize::try_from(take_varint(bytes)?).ok()?;
                Some(Self::Bytes(number, take(bytes, length)?))
            }
            _ => None,
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As Envoy 1.40 hands over
    /// `{"service": {"name": "edge"}, "routes": ["/a"], "ratio": 0.5, "on": true, "off": null}`.
    const STRUCT: &[u8] = b"\n\x1b\n\x07service\x12\x10*\x0e\n\x0c\n\x04name\x12\x04\x1a\x02ed\
        \n\x12\n\x06routes\x12\x082\x06\n\x04\x1a\x02/a\
        \n\x12\n\x05ratio\x12\x09\x11\0\0\0\0\0\0\xe0?\
        \n\x08\n\x02on\x12\x02 \x01\
        \n\x09\n\x03off\x12\x02\x08\0";

    #[test]
    fn reads_every_kind_of_value() {
        let value = read(STRUCT).unwrap();
        let text = r#"{"off":null,"on":true,"ratio":0.5,"routes":["/a"],"service":{"name":"ed"}}"#;
        assert_eq!(value.to_string(), text);
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let whole: Vec<_> = (0..STRUCT.len())
            .filter(|end| read(&STRUCT[..*end]).is_some())
            .collect();
        assert_eq!(whole, [0, 29, 49, 69, 79], "only between members");
    }

    #[test]
    fn deep_nesting_is_refused() {
        let mut bytes = Vec::new();
        for _ in 0..MAX_DEPTH * 2 {
            // A list within a value within a list.
            let mut list = vec![0x32];
            let mut item = vec![0x0a];
            put_length(&mut item, &bytes);
            put_length(&mut list, &item);
            bytes = list;
        }
        assert_eq!(read_value(&bytes, MAX_DEPTH), None);
    }

    fn put_length(to: &mut Vec<u8>, content: &[u8]) {
        let mut length = content.len();
        while length >= 0x80 {
            to.push(length as u8 | 0x80);
            length >>= 7;
        }
        to.push(length as u8);
        to.extend(content);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&bytes);
        }
    }
}
