//! The numbers that the package and the engine share.

use super::*;
use alloc::format;

#[test]
fn the_needs_are_those_of_the_package() {
    let source = include_str!("../../../npm/src/gate.ts");
    let (_, list) = source.split_once("enum Need {\n").unwrap();
    let (list, _) = list.split_once("}\n").unwrap();
    let lines: Vec<_> = list.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let need = Need::of(number as f64);
        assert_eq!(*line, format!("  {need:?} = {number},"));
        assert_eq!(need as usize, number);
    }
    let beyond = Need::of(lines.len() as f64);
    assert_eq!(beyond, Need::InTime, "gate.ts lacks needs");
}

#[test]
fn what_stands_in_place_of_a_status_is_what_the_package_says() {
    let source = include_str!("../../../npm/src/delivery.ts");
    for (name, number) in [("KEPT", KEPT), ("NOT_KEPT", NOT_KEPT)] {
        let line = format!("\nconst {name} = {number};\n");
        assert!(source.contains(&line), "delivery.ts lacks {line:?}");
    }
}
