//! Chromium or Chrome: the user's, or Debian's package, installed as root.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{install, of_the_user};
use crate::part::{Found, Part};
use crate::setup::Setup;

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
const INSTEAD: &str = "install chromium or google-chrome (Debian: apt-get install chromium), or name one in SIGHTLINE_CHROMIUM";
const MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

pub fn get(setup: &Setup) -> Result<Found> {
    if let Some(path) = of_the_user(setup, Part::Chromium, &NAMES, "chromium")? {
        return Ok(Found::at(path));
    }
    if PathBuf::from(MACOS).is_file() {
        setup.progress.there(Part::Chromium.name(), "", MACOS);
        return Ok(Found::at(MACOS));
    }
    install(setup, Part::Chromium, INSTEAD)?;
    match of_the_user(setup, Part::Chromium, &NAMES, "chromium")? {
        Some(path) => Ok(Found::at(path)),
        None => bail!("Debian's chromium is older than what is needed here"),
    }
}
