//! Request ids: which ones from a caller are fit to keep, and new ones as
//! UUID ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562)) of version 4, all
//! random, or 7, which begins with the time.

/// The longest id that is kept, in bytes.
pub const MAX_LEN: usize = 128;

/// Whether an id from a caller can stand in headers and logs as it is:
/// 1 to [`MAX_LEN`] bytes of letters, digits and `-` `_` `.` `:` `=` `+` `/` `@`.
pub fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_LEN).contains(&id.len())
        && id.iter().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'_' | b'.' | b':' | b'=' | b'+' | b'/' | b'@')
        })
}

/// A new id: random bytes as the 36 characters of a UUID version 4.
pub fn uuid_v4(random: [u8; 16], text: &mut [u8; 36]) -> &str {
    let uuid = uuid::Builder::from_random_bytes(random).into_uuid();
    uuid.hyphenated().encode_lower(text)
}

/// A new id that sorts by the time it was made: milliseconds since the Unix
/// epoch and random bytes as the 36 characters of a UUID version 7.
pub fn uuid_v7(unix_millis: u64, random: [u8; 10], text: &mut [u8; 36]) -> &str {
    let uuid = uuid::Builder::from_unix_timestamp_millis(unix_millis, &random).into_uuid();
    uuid.hyphenated().encode_lower(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use proptest::prelude::*;

    #[test]
    fn keeps_the_ids_that_peers_send() {
        for id in [
            "6fd8b1ce-0a2f-4c67-8e0a-0c1b7a8a9f10",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "Root=1-67891233-abcdef012345678912345678",
            "req_8yXw+/=.:@",
        ] {
            assert!(is_sane(id.as_bytes()), "{id}");
        }
    }

    #[test]
    fn refuses_what_would_hurt_a_log_or_a_header() {
        let long = [b'a'; MAX_LEN + 1];
        for (id, why) in [
            (&b""[..], "empty"),
            (b"a b", "blank"),
            (b"a\r\nx: y", "header injection"),
            (b"\"},{\"", "breaks out of a log line"),
            (b"caf\xc3\xa9", "not ASCII"),
            (&long, "too long"),
        ] {
            assert!(!is_sane(id), "{why}");
        }
    }

    #[test]
    fn new_ids_are_version_4_uuids() {
        let mut text = [0; 36];
        assert_eq!(
            uuid_v4([0xff; 16], &mut text),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
    }

    #[test]
    fn version_7_begins_with_the_time() {
        let mut text = [0; 36];
        // The example in RFC 9562, appendix A.6.
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        assert_eq!(
            uuid_v7(0x017f_22e2_79b0, random, &mut text),
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        );
    }

    proptest! {
        #[test]
        fn version_7_sorts_by_time(one in 0u64..1 << 48, other in 0u64..1 << 48, random: [u8; 10]) {
            prop_assume!(one != other);
            let id = |millis| uuid_v7(millis, random, &mut [0; 36]).to_owned();
            prop_assert_eq!(one < other, id(one) < id(other));
            prop_assert!(is_sane(id(one).as_bytes()));
        }
    }
}
