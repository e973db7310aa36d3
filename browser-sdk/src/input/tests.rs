//! The kinds are the package's, and everything comes in order.

use super::*;
use alloc::format;
use alloc::string::String;

#[test]
fn the_kinds_are_those_of_the_package() {
    let source = include_str!("../../npm/src/input.ts");
    for (number, kind) in KINDS.iter().enumerate() {
        let line = format!("  {kind} = {number},");
        assert!(source.contains(&line), "input.ts lacks {line:?}");
        let input = Input::read(number as u8, &mut Reader::new(&[], "")).unwrap();
        assert!(format!("{input:?}").starts_with(kind));
    }
    assert!(Input::read(KINDS.len() as u8, &mut Reader::new(&[], "")).is_none());
    for (call, number) in [
        ("Start", call::START),
        ("Next", call::NEXT),
        ("Settled", call::SETTLED),
        ("Phases", call::PHASES),
        ("Waiting", call::WAITING),
        ("Restore", call::RESTORE),
        ("Device", call::DEVICE),
        ("Session", call::SESSION),
    ] {
        let line = format!("  {call} = {number},");
        assert!(source.contains(&line), "input.ts lacks {line:?}");
        assert!(Input::read(number, &mut Reader::new(&[], "")).is_none());
    }
}

#[test]
fn numbers_and_texts_come_in_order() {
    let texts = ["00-x", "", "PUT", "https://shop.example/", "TypeError"].join("\0");
    let numbers = [1.5, 9.0, 503.0];
    let Some(Input::Fetched(fetched)) = Input::read(6, &mut Reader::new(&numbers, &texts)) else {
        panic!("no fetch");
    };
    assert_eq!(
        (fetched.start_ms, fetched.end_ms, fetched.status),
        (1.5, 9.0, 503)
    );
    assert_eq!(fetched.method, "PUT");
    assert_eq!(fetched.error, "TypeError");

    let loaded = Input::read(7, &mut Reader::new(&[80.0, 1.0, 2.0], ""));
    let Some(Input::DocumentLoad { end_ms, phases_ms }) = loaded else {
        panic!("no load");
    };
    assert_eq!((end_ms, phases_ms), (80.0, &[1.0, 2.0][..]));
}

#[test]
fn what_is_missing_is_no_number_and_no_text() {
    let empty = String::new();
    let Some(Input::Thrown(thrown)) = Input::read(5, &mut Reader::new(&[], &empty)) else {
        panic!("no error");
    };
    assert!(thrown.at_ms.is_nan());
    assert_eq!(thrown.stack, "");
}
