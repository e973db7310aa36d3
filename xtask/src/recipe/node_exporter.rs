//! node_exporter: the user's, or unpacked from Debian's package, whose binary needs
//! no library. Elsewhere the user is told.

use anyhow::{Result, bail};

use super::{cached, of_the_user};
use crate::cache::Key;
use crate::debian;
use crate::part::{Found, Part};
use crate::setup::Setup;

const NAMES: [&str; 2] = ["node_exporter", "prometheus-node-exporter"];

pub fn get(setup: &Setup) -> Result<Found> {
    let part = Part::NodeExporter;
    if let Some(path) = of_the_user(setup, part, &NAMES, "node_exporter")? {
        return Ok(Found::at(path));
    }
    let packages = setup.site.manifest.debian("node_exporter")?;
    let key = Key::new("node_exporter", "").with(packages.join(" "));
    if key.cached(setup.site).is_none() && !debian::is_here() {
        bail!("install 1.5 or later, on PATH (macOS: brew install node_exporter)");
    }
    let folder = cached(setup, part, "", "fetching", &key, |folder, log| {
        debian::unpack(packages, folder, log)
    })?;
    Ok(Found::at(folder.join("usr/bin").join(NAMES[1])))
}
