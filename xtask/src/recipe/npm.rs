//! What comes from npm: a package without dependencies, pinned by version and
//! integrity, or all that a lock file names.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::cached;
use crate::cache::Key;
use crate::part::{Found, Part};
use crate::process;
use crate::setup::Setup;

/// The folder whose `node_modules` holds the package.
pub fn get(setup: &Setup, part: Part, package: &str) -> Result<Found> {
    let pinned = setup.site.manifest.npm(package)?;
    let key = Key::new(part.name(), &pinned.version).with(&pinned.integrity);
    let folder = cached(
        setup,
        part,
        &pinned.version,
        "fetching",
        &key,
        |folder, log| {
            let wanted = json!({ "dependencies": { package: pinned.version } });
            let lock = json!({
                "lockfileVersion": 3,
                "requires": true,
                "packages": {
                    "": wanted,
                    format!("node_modules/{package}"): {
                        "version": pinned.version,
                        "integrity": pinned.integrity,
                    },
                },
            });
            fs::write(folder.join("package.json"), wanted.to_string())?;
            fs::write(folder.join("package-lock.json"), lock.to_string())?;
            process::run(ci(Command::new("npm").current_dir(folder)), log)
        },
    )?;
    Ok(Found::at(folder))
}

/// A folder whose `node_modules` holds what the lock file in `sources` names for its
/// package and those of `workspaces`, folders below it.
pub fn locked(setup: &Setup, part: Part, sources: &str, workspaces: &[&str]) -> Result<Found> {
    let own = ["package.json", "package-lock.json"].map(str::to_owned);
    let theirs = workspaces.iter().map(|name| format!("{name}/package.json"));
    let files: Vec<String> = own.into_iter().chain(theirs).collect();
    let sources = files.iter().map(|file| format!("{sources}/{file}"));
    let sources: Vec<String> = sources.collect();
    let names: Vec<&str> = sources.iter().map(String::as_str).collect();
    let key = Key::new(part.name(), "").with_files(&setup.site.root, &names)?;
    let folder = cached(setup, part, "", "fetching", &key, |folder, log| {
        for workspace in workspaces {
            fs::create_dir_all(folder.join(workspace))?;
        }
        for (source, file) in sources.iter().zip(&files) {
            let source = setup.site.path(source);
            fs::copy(&source, folder.join(file))
                .with_context(|| format!("copy {}", source.display()))?;
        }
        process::run(ci(Command::new("npm").current_dir(folder)), log)
    })?;
    Ok(Found::at(folder))
}

/// `npm ci` without install scripts, audits and advertisements.
pub fn ci(npm: &mut Command) -> &mut Command {
    npm.args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
    ])
}
