//! The deployments, which can't run here: read by the code that would read them, their
//! configurations by each tool's own checker, and what the parts of them say of each
//! other.

mod checkers;
mod compose;
mod edge;
mod flows;
mod kubernetes;
mod meshes;
mod network;
mod rendered;

use serde_json::Value;
use sightline_tests::{parts, process};
use std::path::PathBuf;
use std::process::{Command, Output};

/// A file or folder of `collector-config`.
fn path(below: &str) -> PathBuf {
    parts::repository().join("collector-config").join(below)
}

fn text(below: &str) -> String {
    std::fs::read_to_string(path(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
}

fn yaml(below: &str) -> Value {
    serde_saphyr::from_str(&text(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
}

/// What a command says, if it is content.
fn said(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = process::run(command).unwrap();
    let [said, why] = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(status.success(), "{command:?}: {said}\n{why}");
    said
}

/// The texts of a list.
fn texts(list: &Value) -> Vec<&str> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}
