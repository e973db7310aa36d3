//! The OpenTelemetry Collector: the user's otelcol-contrib, or the lean
//! distribution of `collector-config/distribution`, built by Go.

use anyhow::Result;

use super::{cached, go_build, look_for, of_the_user};
use crate::cache::Key;
use crate::part::{Found, Part};
use crate::setup::Setup;
use crate::site::Site;

const SOURCES: &str = "collector-config/distribution";
const NAMES: [&str; 1] = ["otelcol-contrib"];
const BINARY: &str = "otelcol-sightline";
const VERSION: &str = "0.152.0";

pub fn is_there(site: &Site) -> Result<bool> {
    Ok(key(site)?.cached(site).is_some()
        || look_for(site, Part::Collector, &NAMES, "otelcol")?.is_some())
}

pub fn get(setup: &Setup) -> Result<Found> {
    if let Some(path) = of_the_user(setup, Part::Collector, &NAMES, "otelcol")? {
        return Ok(Found::at(path));
    }
    let key = key(setup.site)?;
    let doing = "building, some two minutes the first time";
    let folder = cached(
        setup,
        Part::Collector,
        VERSION,
        doing,
        &key,
        |folder, log| {
            let output = folder.join(BINARY);
            go_build(&setup.site.path(SOURCES), &output, ".", "", log)
        },
    )?;
    Ok(Found::at(folder.join(BINARY)))
}

fn key(site: &Site) -> Result<Key> {
    Key::new("collector", VERSION).with_files(&site.root, &[SOURCES])
}
