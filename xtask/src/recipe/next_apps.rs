//! What the apps of `tests/apps` are built with: Next.js and React, installed
//! once for all of them. The apps themselves are built by their tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{cached, npm};
use crate::cache::Key;
use crate::part::{Found, Part};
use crate::process;
use crate::setup::Setup;

const SOURCES: &str = "tests/apps";
const MANIFESTS: [&str; 4] = [
    "package.json",
    "package-lock.json",
    "next-app/package.json",
    "next-pages/package.json",
];

/// The folder whose `node_modules` holds it.
pub fn get(setup: &Setup) -> Result<Found> {
    let site = setup.site;
    let files = MANIFESTS.map(|file| format!("{SOURCES}/{file}"));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let key = Key::new("next-apps", "").with_files(&site.root, &files)?;
    let part = Part::NextApps;
    let folder = cached(setup, part, "", "fetching", &key, |folder, log| {
        for file in MANIFESTS {
            copy(&site.path(SOURCES).join(file), &folder.join(file))?;
        }
        process::run(npm::ci(Command::new("npm").current_dir(folder)), log)
    })?;
    Ok(Found::at(folder))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("the copy lies in a folder")?;
    fs::create_dir_all(folder)?;
    fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    Ok(())
}
