//! An npm package without dependencies, pinned by version and integrity.

use std::fs;
use std::process::Command;

use anyhow::Result;
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
