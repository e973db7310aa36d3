//! The Python environment of the example shop's API.

use anyhow::Result;

use super::{cached, python_packages};
use crate::cache::Key;
use crate::part::{Found, Part};
use crate::setup::Setup;
use crate::site::Site;

const REQUIREMENTS: &str = "examples/shop/api/requirements.txt";

pub fn is_there(site: &Site) -> Result<bool> {
    Ok(key(site)?.cached(site).is_some())
}

pub fn get(setup: &Setup) -> Result<Found> {
    let key = key(setup.site)?;
    let folder = cached(
        setup,
        Part::ShopApi,
        "",
        "fetching its packages",
        &key,
        |folder, log| python_packages(folder, &setup.site.path(REQUIREMENTS), log),
    )?;
    Ok(Found::at(folder.join("bin/python")))
}

fn key(site: &Site) -> Result<Key> {
    Key::new("shop-api", "").with_files(&site.root, &[REQUIREMENTS])
}
