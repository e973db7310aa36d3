//! The shipped rules in promtool: that it takes them, and that every alert fires
//! and stays silent as its tests say. That each has such tests is checked by
//! `cargo xtask rulecheck`.

use sightline_tests::{parts, process};
use std::path::PathBuf;
use std::process::Command;

/// The files of a folder of `collector-config`.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = parts::repository().join("collector-config").join(folder);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn promtool(arguments: &[&str], files: &[PathBuf]) {
    let mut command = Command::new(parts::require(parts::PROMTOOL).unwrap());
    let output = process::run(command.args(arguments).args(files)).unwrap();
    let [said, why] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{said}\n{why}");
}

#[test]
fn promtool_takes_the_rules() {
    if parts::all_present(&[parts::PROMTOOL]) {
        promtool(&["check", "rules"], &files("rules"));
    }
}

#[test]
fn alerts_fire_and_stay_silent_as_their_tests_say() {
    if parts::all_present(&[parts::PROMTOOL]) {
        promtool(&["test", "rules"], &files("tests"));
    }
}
