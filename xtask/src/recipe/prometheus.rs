//! Prometheus and promtool: the user's, or unpacked from Debian's package,
//! whose two binaries need no library. Elsewhere the user is told.

use anyhow::{Result, bail};
use sightline_tests::parts;

use super::{beside, cached, of_the_user};
use crate::cache::Key;
use crate::debian;
use crate::part::{Found, Part};
use crate::setup::Setup;

pub fn get(setup: &Setup) -> Result<Found> {
    if let Some(path) = of_the_user(setup, Part::Prometheus, &["prometheus"], "prometheus")? {
        let promtool = beside(&path, "promtool", parts::PROMTOOL)?;
        return Ok(found(path, promtool));
    }
    let packages = setup.site.manifest.debian("prometheus")?;
    let key = Key::new("prometheus", "").with(packages.join(" "));
    if key.cached(setup.site).is_none() && !debian::is_here() {
        bail!("install 2.42 or later with promtool, on PATH (macOS: brew install prometheus)");
    }
    let folder = cached(
        setup,
        Part::Prometheus,
        "",
        "fetching",
        &key,
        |folder, log| debian::unpack(packages, folder, log),
    )?;
    Ok(found(
        folder.join("usr/bin/prometheus"),
        folder.join("usr/bin/promtool"),
    ))
}

fn found(prometheus: std::path::PathBuf, promtool: std::path::PathBuf) -> Found {
    Found {
        path: prometheus,
        also: vec![(parts::PROMTOOL, promtool)],
    }
}
