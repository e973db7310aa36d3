//! Alertmanager and amtool: the user's, or built by Go from the versions that
//! `collector-config/alertmanager/build` pins.

use anyhow::Result;
use sightline_tests::parts;

use super::{beside, cached, go_build, look_for, of_the_user};
use crate::cache::Key;
use crate::part::{Found, Part};
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
        let amtool = beside(&path, TOOL, parts::AMTOOL)?;
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
            let version = format!(" -X github.com/prometheus/common/version.Version={VERSION}");
            // Both programs that go.mod lists as tools.
            go_build(&setup.site.path(SOURCES), folder, "tool", &version, log)
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
