//! What the built filter asks of its host: some hosts refuse a module with an
//! import that they don't know.

use sightline_tests::parts;
use std::collections::BTreeSet;
use wasmparser::{Parser, Payload};

#[test]
fn the_built_filter_imports_exactly_what_is_listed() {
    if !parts::all_present(&[parts::FILTER]) {
        return;
    }
    let module = std::fs::read(parts::require(parts::FILTER).unwrap()).unwrap();
    let mut imports = BTreeSet::new();
    for payload in Parser::new(0).parse_all(&module) {
        if let Payload::ImportSection(section) = payload.unwrap() {
            for import in section.into_imports() {
                let import = import.unwrap();
                imports.insert(format!("{} {}", import.module, import.name));
            }
        }
    }
    let list = parts::repository().join("proxy-filter/imports.txt");
    let list = std::fs::read_to_string(list).unwrap();
    let listed: BTreeSet<_> = list.lines().map(str::to_owned).collect();
    assert_eq!(imports, listed);
}
