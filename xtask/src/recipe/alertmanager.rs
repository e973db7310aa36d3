//! Alertmanager and amtool: the user's, or built by Go from the versions that
//! `collector-config/alertmanager/build` pins.

use std::process::Command;

use anyhow::{Result, bail};
use sightline_tests::parts;

use super::{beside, cached, look_for, of_the_user};
use crate::cache::Key;
use crate::part::{Found, Part};
use crate::process;
use crate::setup::Setup;
use crate::site::Site;

const SOURCES: &str = "collector-config/alertmanager/build";
const NAMES: [&str; 1] = ["alertmanager"];
const TOOL: &str = "amtool";
const VERSION: &str = "0.28.1";

pub fn is_there(site: &Site) -> Result<bool> {
    Ok(key(site)?.cached(site).is_some()
        || look_for(site, Part::Alertmanager, &NAMES, "alertmanager")?.is_some())
}

pub fn get(setup: &Setup) -> Result<Found> {
    if let Some(path) = of_the_user(setup, Part::Alertmanager, &NAMES, "alertmanager")? {
        let Some(amtool) = beside(&path, TOOL, parts::AMTOOL) else {
            bail!(
                "{} is there without amtool: put both on PATH",
                path.display()
            );
        };
        return Ok(Found {
            path,
            also: vec![(parts::AMTOOL, amtool)],
        });
    }
    let key = key(setup.site)?;
    let doing = "building, some forty seconds the first time";
    let folder = cached(
        setup,
        Part::Alertmanager,
        VERSION,
        doing,
        &key,
        |folder, log| {
            let version = format!("-X github.com/prometheus/common/version.Version={VERSION}");
            let mut build = Command::new("go");
            build
                .args(["build", "-buildvcs=false", "-trimpath"])
                .arg(format!("-ldflags=-s -w {version}"))
                .arg("-o")
                .arg(folder)
                // Both programs that go.mod lists as tools.
                .arg("tool")
                .env("GOTOOLCHAIN", "local")
                .env("GOFLAGS", "")
                .current_dir(setup.site.path(SOURCES));
            process::run(&mut build, log)
        },
    )?;
    Ok(Found {
        path: folder.join(NAMES[0]),
        also: vec![(parts::AMTOOL, folder.join(TOOL))],
    })
}

fn key(site: &Site) -> Result<Key> {
    Key::new("alertmanager", VERSION).with_files(&site.root, &[SOURCES])
}
