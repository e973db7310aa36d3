//! Packs the browser SDK: the engine by cargo and binaryen, the package
//! around it by its own build script in `browser-sdk/npm`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cache::{Key, files_below};
use crate::dist::{SHARED, as_javascript, made, optimised, relative};
use crate::guest::{self, Goal};
use crate::part::{Found, Part};
use crate::process;
use crate::recipe::npm;
use crate::setup::Setup;
use crate::site::Site;
use crate::sizes::Table;

const PACKAGE: &str = "browser-sdk/npm";
const PACKED: &str = "dist/npm";

/// What makes the engine smallest once it is compressed: control flow is made
/// anew from the flattened program. No address is below 1 KiB, where only a stack
/// that is overrun would end.
const PASSES: [&str; 6] = [
    "--flatten",
    "--rereloop",
    "--simplify-locals",
    "-Oz",
    "-Oz",
    "--low-memory-unused",
];

/// The packed package, made anew where its sources changed.
pub fn get(setup: &Setup) -> Result<Found> {
    let site = setup.site;
    let key = Key::new("sdk", "")
        .with(PASSES.join(" "))
        .with_files(&site.root, &SHARED)?
        .with_files(&site.root, &["browser-sdk/Cargo.toml", "browser-sdk/src"])?;
    let key = sources(site)?
        .iter()
        .try_fold(key, |key, path| key.with_files(&site.root, &[path]))?;
    made(setup, Part::Sdk, key, &site.path(PACKED), |log| {
        let package = site.path(PACKAGE);
        dependencies(setup, log)?;
        let built = guest::build(setup, "sightline-browser", None, Goal::Size, log)?;
        let engine = site.target.join("xtask/engine");
        if engine.exists() {
            fs::remove_dir_all(&engine)?;
        }
        optimised(setup, &PASSES, &built, &engine.join("engine.wasm"), log)?;
        as_javascript(setup, &built, &engine.join("fallback.js"), log)?;
        process::run(
            Command::new("npm")
                .args(["run", "build"])
                .env("SIGHTLINE_ENGINE", &engine)
                .current_dir(&package),
            log,
        )?;
        let packed = site.path(PACKED);
        if packed.exists() {
            fs::remove_dir_all(&packed)?;
        }
        fs::create_dir_all(&packed)?;
        process::run(
            Command::new("npm")
                .args(["pack", "--ignore-scripts", "--pack-destination"])
                .arg(&packed)
                .current_dir(&package),
            log,
        )
    })?;
    Ok(Found::at(tarball(site)?))
}

/// What the package is made from: all in its folder but what its build writes.
fn sources(site: &Site) -> Result<Vec<String>> {
    let entries = fs::read_dir(site.path(PACKAGE)).with_context(|| format!("read {PACKAGE}"))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<String>>>()?;
    names.retain(|name| !["dist", "engine", "types", "node_modules"].contains(&name.as_str()));
    names.sort();
    Ok(names
        .iter()
        .map(|name| format!("{PACKAGE}/{name}"))
        .collect())
}

/// The one packed file.
pub fn tarball(site: &Site) -> Result<PathBuf> {
    let files = files_below(&site.path(PACKED))?;
    let packed = files
        .into_iter()
        .find(|file| file.extension().is_some_and(|end| end == "tgz"));
    packed.with_context(|| format!("{PACKED} holds no .tgz"))
}

/// What a page loads of the package, relative to the checkout.
pub fn measured(site: &Site) -> Result<Vec<String>> {
    let folder = site.path(PACKAGE).join("dist");
    let loaded = |file: &PathBuf| {
        // The one that Node loads, where an app is built.
        let is_of_pages = file.file_name().is_some_and(|name| name != "next.js");
        let end = file.extension().unwrap_or_default();
        is_of_pages && (end == "js" || end == "wasm")
    };
    let files = files_below(&folder)?.into_iter().filter(loaded);
    Ok(files.map(|file| relative(site, &file)).collect())
}

/// The eager part with brotli: less than web-vitals alone (3,114). It rises only
/// by what a feature costs, as browser-sdk/README.md says for each.
const MAX_EAGER: u64 = 3_000;
/// All that a page loads of us where wasm is allowed. The goal is 17,800, less
/// than the smallest SDK that does as much; it rises as the eager part does.
const MAX_TOTAL: u64 = 27_400;

/// Fails where the package has outgrown its budgets.
pub fn within_budget(table: &Table) -> Result<()> {
    let brotli = |file: &str| {
        let path = format!("{PACKAGE}/dist/{file}");
        let sizes = table
            .get(&path)
            .with_context(|| format!("no size of {path}"))?;
        Ok::<u64, anyhow::Error>(sizes.brotli)
    };
    let eager = brotli("index.js")?;
    let total = eager + brotli("engine.js")? + brotli("engine.wasm")?;
    for (what, bytes, budget) in [
        ("the eager part", eager, MAX_EAGER),
        ("index.js, engine.js and engine.wasm", total, MAX_TOTAL),
    ] {
        if bytes > budget {
            bail!(
                "the browser SDK is over its budget: {what} take {bytes} bytes (brotli), \
                 {} more than the {budget} allowed; browser-sdk/README.md says where bytes go",
                bytes - budget
            );
        }
    }
    Ok(())
}

/// The package's own tools, in place, unless they are those of the lock file.
fn dependencies(setup: &Setup, log: &std::path::Path) -> Result<()> {
    let package = setup.site.path(PACKAGE);
    let lock = fs::read_to_string(package.join("package-lock.json"))
        .with_context(|| format!("read {PACKAGE}/package-lock.json"))?;
    let digest = Key::new("lock", "").with(lock).digest();
    let stamp = package.join("node_modules/.sightline-lock");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == digest) {
        return Ok(());
    }
    process::run(npm::ci(Command::new("npm").current_dir(&package)), log)?;
    fs::write(stamp, digest).context("mark the installed packages")
}
