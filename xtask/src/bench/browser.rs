//! `cargo xtask bench browser`: what the SDK costs a page, beside other SDKs on
//! the same page in the same run. The others come from the registry, pinned by
//! `xtask/bench/browser/package-lock.json`; their bundles are cached per user, and
//! nothing but this command asks for them. The measuring is `run.mjs`'s.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cache::{Key, files_below};
use crate::dist;
use crate::part::Part;
use crate::process;
use crate::recipe::npm;
use crate::setup::Setup;
use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask bench browser [ROUNDS]

Opens one page with each of several SDKs in a real Chromium, in turn, 5 rounds
or as many as given (a minute and a half each), and prints the medians of what
each adds to the page without any: bytes to load, CPU of the main thread in the
first 2.5 s at full speed and at a quarter of it, blocking time (TBT) and longest
task at a quarter, heap, buffers, CPU of one fetch, requests and bytes sent for
one view. All runs go to target/bench/browser.json.";

const SOURCES: &str = "xtask/bench/browser";
const ROUNDS: usize = 5;

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let Some(rounds) = super::rounds("browser", HELP, ROUNDS, arguments)? else {
        return Ok(());
    };
    dist::build(site)?;
    let bundles = bundles(site)?;
    let parts = [Part::Chromium, Part::Playwright];
    let tools = Setup::new(site, true, &parts)?.get_all(&parts, &[])?;
    let output = site.target.join("bench/browser.json");
    fs::create_dir_all(site.target.join("bench"))?;
    let status = Command::new(&tools.node)
        .arg(site.path(SOURCES).join("run.mjs"))
        .arg(rounds.to_string())
        .arg(&output)
        .envs(tools.env())
        .env("SIGHTLINE_SDK", site.path("browser-sdk/npm/dist"))
        .env("SIGHTLINE_BUNDLES", bundles)
        .status()
        .context("run node")?;
    if !status.success() {
        bail!("the browser bench failed: {status}");
    }
    println!("written to {}", output.display());
    Ok(())
}

/// The folder of the others' bundles, made once for these versions.
fn bundles(site: &Site) -> Result<std::path::PathBuf> {
    let sources = ["package.json", "package-lock.json", "bundle.mjs", "setups"];
    let sources = sources.map(|name| format!("{SOURCES}/{name}"));
    let key = Key::new("bench-browser", "")
        .with_files(&site.root, &sources.each_ref().map(String::as_str))?;
    let begun = || println!("the other SDKs … fetching and bundling");
    let entry = key.get(site, begun, |folder, log| {
        for source in &sources {
            for file in files_below(&site.root.join(source))? {
                copy(&file, &folder.join(file.strip_prefix(site.path(SOURCES))?))?;
            }
        }
        process::run(npm::ci(Command::new("npm").current_dir(folder)), log)?;
        let mut bundle = Command::new("node");
        process::run(bundle.arg("bundle.mjs").current_dir(folder), log)?;
        // A hundred megabytes that nothing needs any more.
        fs::remove_dir_all(folder.join("node_modules")).context("remove node_modules")
    })?;
    Ok(entry.folder.join("bundles"))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    Ok(())
}
