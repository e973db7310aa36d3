//! Apps as the public templates of Next.js make them, built for production with
//! the packed package: what they tell, and what their stacks say by the maps that
//! the build has kept.

use sightline_symbolicate::{Maps, symbolicate};
use sightline_tests::parts;
use std::fs;

use crate::run_in;

const NEEDED: [&str; 3] = [parts::CHROMIUM, parts::PLAYWRIGHT, parts::NEXT_APPS];

#[test]
fn an_app_built_by_turbopack_tells_all() {
    app_router("turbopack");
}

#[test]
fn an_app_built_by_webpack_tells_all() {
    app_router("webpack");
}

#[test]
fn an_app_with_the_pages_router_tells_all() {
    run_in(&NEEDED, "next_pages", &["turbopack"]);
}

fn app_router(bundler: &str) {
    let kept = tempfile::TempDir::new().unwrap();
    let folder = kept.path().to_str().unwrap();
    if !run_in(&NEEDED, "next_app", &[bundler, folder]) {
        return;
    }
    let stack = fs::read_to_string(kept.path().join("stack.txt")).unwrap();
    let mut maps = Maps::below(&[kept.path().join("maps")]).unwrap();
    let told = symbolicate(&stack, &mut maps).unwrap().text;
    let frame = told.lines().find(|line| line.starts_with("    at "));
    let frame = frame.unwrap_or_default();
    assert!(frame.starts_with("    at totalCents ("), "{told}");
    assert!(frame.ends_with("components/price.tsx:10:53)"), "{told}");
    let line = ">   10 |   for (const offer of offers) cents += offer.price!.cents;";
    assert!(told.lines().any(|shown| shown == line), "{told}");
}
