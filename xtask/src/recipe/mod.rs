//! How each part is found or made. A recipe prefers what the user has (a
//! variable, a program on PATH), then what is cached, then makes it.

mod alertmanager;
mod blackbox;
mod chromium;
mod collector;
mod deploy;
mod engines;
mod envoy;
mod node_exporter;
pub mod npm;
mod prometheus;
mod shop_api;
mod shop_web;
pub mod wasm_target;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::cache::{Entry, Key};
use crate::debian;
use crate::dist;
use crate::part::{Found, Part};
use crate::prerequisites::Prerequisite;
use crate::process;
use crate::sdk;
use crate::setup::Setup;
use crate::site::Site;

pub fn get(part: Part, setup: &Setup) -> Result<Found> {
    match part {
        Part::Wasm => wasm_target::get(setup),
        Part::Envoy => envoy::get(setup),
        Part::Collector => collector::get(setup),
        Part::Prometheus => prometheus::get(setup),
        Part::Alertmanager => alertmanager::get(setup),
        Part::NodeExporter => node_exporter::get(setup),
        Part::Blackbox => blackbox::get(setup),
        Part::DeployCheck => deploy::get(setup),
        Part::KubernetesSchemas => deploy::schemas(setup),
        Part::Chromium => chromium::get(setup),
        Part::Firefox => engines::firefox(setup),
        Part::WebKit => engines::webkit(setup),
        Part::Playwright => npm::get(setup, part, "playwright-core"),
        Part::WebVitals => npm::get(setup, part, "web-vitals"),
        Part::NextApps => npm::locked(setup, part, "tests/apps", &["next-app", "next-pages"]),
        Part::ViteApp => npm::locked(setup, part, "tests/apps/vite-react", &[]),
        Part::Binaryen => npm::get(setup, part, "binaryen"),
        Part::Filter => dist::filter(setup),
        Part::Sdk => sdk::get(setup),
        Part::ShopApi => shop_api::get(setup),
        Part::ShopWeb => shop_web::get(setup),
    }
}

/// What making the part takes of the machine, beyond Node.js; nothing where it
/// is there already.
pub fn prerequisites(part: Part, site: &Site) -> Result<Option<Prerequisite>> {
    let (there, needed) = match part {
        Part::Envoy => (envoy::is_there(site)?, Prerequisite::Python),
        Part::Collector => (collector::is_there(site)?, Prerequisite::Go),
        Part::Alertmanager => (alertmanager::is_there(site)?, Prerequisite::Go),
        Part::Blackbox => (blackbox::is_there(site)?, Prerequisite::Go),
        Part::DeployCheck => (deploy::is_there(site)?, Prerequisite::Go),
        Part::KubernetesSchemas => (deploy::schemas_are_there(site)?, Prerequisite::Python),
        Part::ShopApi => (shop_api::is_there(site)?, Prerequisite::Python),
        _ => return Ok(None),
    };
    Ok((!there).then_some(needed))
}

/// A program named by its variable, or on PATH in a good version.
fn of_the_user(setup: &Setup, part: Part, names: &[&str], key: &str) -> Result<Option<PathBuf>> {
    let found = look_for(setup.site, part, names, key)?;
    if let Some((path, version)) = &found {
        setup.progress.there(
            part.name(),
            version,
            &format!("on PATH ({})", path.display()),
        );
    }
    Ok(found.map(|(path, _)| path))
}

/// Installs a part's Debian packages. Where that can't be, fails with what to do
/// instead.
fn install(setup: &Setup, part: Part, instead: &str) -> Result<()> {
    if !debian::is_here() || !debian::is_root() {
        bail!("{instead}");
    }
    let started = Instant::now();
    setup.progress.begun(part.name(), "", "installing");
    let log = setup.site.home.join(format!("logs/{}.log", part.name()));
    debian::install(setup.site.manifest.debian(part.name())?, &log)?;
    setup.progress.ready(part.name(), "", started.elapsed());
    Ok(())
}

fn look_for(
    site: &Site,
    part: Part,
    names: &[&str],
    key: &str,
) -> Result<Option<(PathBuf, String)>> {
    let named = part.variable().and_then(std::env::var_os);
    if let Some(path) = named.filter(|path| !path.is_empty()).map(PathBuf::from) {
        if !process::is_executable(&path) {
            bail!(
                "{} can't be run, yet it is named for the {}",
                path.display(),
                part.name()
            );
        }
        return Ok(Some((path, String::new())));
    }
    let minimum = site.manifest.minimum(key)?;
    let good = names
        .iter()
        .filter_map(|name| process::on_path(name))
        .find_map(|path| {
            let version = process::version_of(&path, "--version")?;
            (version >= minimum).then(|| (path, version.to_string()))
        });
    Ok(good)
}

/// The user's second program of a part: named by its variable, beside the first,
/// or on PATH.
fn beside(path: &Path, name: &str, variable: &str) -> Result<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let found = named
        .into_iter()
        .chain([path.with_file_name(name)])
        .find(|path| process::is_executable(path))
        .or_else(|| process::on_path(name));
    found.with_context(|| {
        format!(
            "{} is there without {name}: put both on PATH",
            path.display()
        )
    })
}

/// A part from the cache, made there if need be, with its progress told.
fn cached(
    setup: &Setup,
    part: Part,
    version: &str,
    doing: &str,
    key: &Key,
    build: impl FnOnce(&Path, &Path) -> Result<()>,
) -> Result<PathBuf> {
    let begun = || setup.progress.begun(part.name(), version, doing);
    let Entry { folder, made } = key.get(setup.site, begun, build)?;
    match made {
        Some(took) => setup.progress.ready(part.name(), version, took),
        None => setup.progress.there(part.name(), version, "cached"),
    }
    Ok(folder)
}

/// Builds `what` of a Go module of ours; `for_linker` goes to the linker too.
/// Has Go build `what` of the module in `sources` into `output`.
pub fn go_build(
    sources: &Path,
    output: &Path,
    what: &str,
    for_linker: &str,
    log: &Path,
) -> Result<()> {
    process::run(
        Command::new("go")
            .args(["build", "-buildvcs=false", "-trimpath"])
            .arg(format!("-ldflags=-s -w{for_linker}"))
            .arg("-o")
            .arg(output)
            .arg(what)
            .env("GOTOOLCHAIN", "local")
            // The user's flags are for the user's modules: `-mod=mod` would change
            // ours, `-mod=vendor` fail. Where this is empty, those that `go env -w`
            // has kept would count.
            .env("GOFLAGS", " ")
            .current_dir(sources),
        log,
    )
}

/// A Python environment in `folder` with the packages of a file of requirements.
fn python_packages(folder: &Path, requirements: &Path, log: &Path) -> Result<()> {
    let python = python_environment(folder, log)?;
    process::run(
        Command::new(python)
            .args(["-m", "pip", "install", "--no-compile", "--requirement"])
            .arg(requirements),
        log,
    )
}

/// A Python environment of its own in `folder`; its python.
fn python_environment(folder: &Path, log: &Path) -> Result<PathBuf> {
    process::run(
        Command::new("python3").args(["-m", "venv"]).arg(folder),
        log,
    )?;
    Ok(folder.join("bin/python"))
}
