//! blackbox_exporter: the user's, or built by Go from the version that
//! `collector-config/blackbox/build` pins.

use anyhow::Result;

use super::{cached, go_build, look_for, of_the_user};
use crate::cache::Key;
use crate::part::{Found, Part};
use crate::setup::Setup;
use crate::site::Site;

const SOURCES: &str = "collector-config/blackbox/build";
const NAMES: [&str; 2] = ["blackbox_exporter", "prometheus-blackbox-exporter"];
const VERSION: &str = "0.28.0";

pub fn is_there(site: &Site) -> Result<bool> {
    Ok(key(site)?.cached(site).is_some()
        || look_for(site, Part::Blackbox, &NAMES, "blackbox_exporter")?.is_some())
}

pub fn get(setup: &Setup) -> Result<Found> {
    if let Some(path) = of_the_user(setup, Part::Blackbox, &NAMES, "blackbox_exporter")? {
        return Ok(Found::at(path));
    }
    let key = key(setup.site)?;
    let folder = cached(
        setup,
        Part::Blackbox,
        VERSION,
        "building, some thirty seconds the first time",
        &key,
        |folder, log| {
            let version = format!(" -X github.com/prometheus/common/version.Version={VERSION}");
            go_build(&setup.site.path(SOURCES), folder, "tool", &version, log)
        },
    )?;
    Ok(Found::at(folder.join(NAMES[0])))
}

fn key(site: &Site) -> Result<Key> {
    Key::new("blackbox-exporter", VERSION).with_files(&site.root, &[SOURCES])
}
