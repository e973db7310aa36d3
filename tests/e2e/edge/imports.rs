//! What each built filter asks of its host: some hosts refuse a module with an
//! import that they don't know.

use sightline_tests::parts;
use std::collections::BTreeSet;
use std::path::Path;
use wasmparser::{Parser, Payload};

/// Each build's list, and its file beside the one for Envoy.
const BUILDS: [(&str, &str); 3] = [
    ("envoy", "sightline_filter.wasm"),
    ("mesh", "sightline_filter_mesh.wasm"),
    ("nginx", "sightline_filter_nginx.wasm"),
];

fn imports(module: &Path) -> BTreeSet<String> {
    let module = std::fs::read(module).unwrap();
    let mut imports = BTreeSet::new();
    for payload in Parser::new(0).parse_all(&module) {
        if let Payload::ImportSection(section) = payload.unwrap() {
            for import in section.into_imports() {
                let import = import.unwrap();
                imports.insert(format!("{} {}", import.module, import.name));
            }
        }
    }
    imports
}

#[test]
fn each_build_imports_exactly_what_is_listed() {
    if !parts::all_present(&[parts::FILTER]) {
        return;
    }
    let folder = parts::require(parts::FILTER).unwrap();
    let folder = folder.parent().unwrap();
    let mut seen = 0;
    for (build, file) in BUILDS {
        let list = parts::repository().join(format!("proxy-filter/imports/{build}.txt"));
        let list = std::fs::read_to_string(list).unwrap();
        let listed: BTreeSet<_> = list.lines().map(str::to_owned).collect();
        let module = folder.join(file);
        // A filter of one's own (SIGHTLINE_FILTER) may stand alone.
        if build == "envoy" || module.exists() || parts::is_ci() {
            assert_eq!(imports(&module), listed, "{build}");
            seen += 1;
        }
    }
    println!("{seen} builds");
}
