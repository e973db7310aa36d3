//! Production build of the example shop's web application, with the browser
//! SDK as it is packed now.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{cached, npm};
use crate::cache::{Key, files_below};
use crate::part::{Found, Part};
use crate::process;
use crate::setup::Setup;

const SOURCES: &str = "examples/shop/web";

pub fn get(setup: &Setup) -> Result<Found> {
    let site = setup.site;
    let sdk = setup.get(Part::Sdk)?;
    let packed = fs::read(&sdk.path).with_context(|| format!("read {}", sdk.path.display()))?;
    let key = Key::new("shop-web", "")
        .with_files(&site.root, &[SOURCES])?
        .with(packed);
    let folder = cached(setup, Part::ShopWeb, "", "building", &key, |folder, log| {
        copy(&site.path(SOURCES), folder)?;
        process::run(npm::ci(Command::new("npm").current_dir(folder)), log)?;
        process::run(
            Command::new("npm")
                .args(["run", "sdk", "--"])
                .arg(&sdk.path)
                .current_dir(folder),
            log,
        )?;
        process::run(
            Command::new("npm")
                .args(["run", "build"])
                .env("NEXT_TELEMETRY_DISABLED", "1")
                .current_dir(folder),
            log,
        )
    })?;
    Ok(Found::at(folder))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in files_below(from)? {
        let copy = to.join(file.strip_prefix(from)?);
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&file, &copy).with_context(|| format!("copy {}", file.display()))?;
    }
    Ok(())
}
