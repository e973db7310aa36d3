//! Firefox and WebKit, for the one scenario that runs in them: the user's, or
//! Debian's packages, installed as root.

use anyhow::{Result, bail};

use super::{install, of_the_user};
use crate::part::{Found, Part};
use crate::process;
use crate::setup::Setup;

pub fn firefox(setup: &Setup) -> Result<Found> {
    let look = || of_the_user(setup, Part::Firefox, &["firefox-esr", "firefox"], "firefox");
    if let Some(path) = look()? {
        return Ok(Found::at(path));
    }
    install(setup, Part::Firefox, &instead(setup, Part::Firefox)?)?;
    match look()? {
        Some(path) => Ok(Found::at(path)),
        None => bail!("Debian's firefox-esr is older than what is needed here"),
    }
}

/// The driver tells no version.
pub fn webkit(setup: &Setup) -> Result<Found> {
    let named = std::env::var_os("SIGHTLINE_WEBKIT").filter(|path| !path.is_empty());
    if let Some(path) = named {
        return Ok(Found::at(path));
    }
    // WebKit has no headless mode: what it paints goes to this display server.
    let look = || {
        let display = process::on_path("broadwayd");
        display.and_then(|_| process::on_path("WebKitWebDriver"))
    };
    if let Some(path) = look() {
        let place = format!("on PATH ({})", path.display());
        setup.progress.there(Part::WebKit.name(), "", &place);
        return Ok(Found::at(path));
    }
    install(setup, Part::WebKit, &instead(setup, Part::WebKit)?)?;
    match look() {
        Some(path) => Ok(Found::at(path)),
        None => bail!("Debian's packages brought no WebKitWebDriver"),
    }
}

fn instead(setup: &Setup, part: Part) -> Result<String> {
    let packages = setup.site.manifest.debian(part.name())?;
    Ok(format!(
        "install it (Debian: apt-get install {})",
        packages.join(" ")
    ))
}
