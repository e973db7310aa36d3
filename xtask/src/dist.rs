//! `cargo xtask dist`: the files that are shipped. `dist/filter/*.wasm`,
//! `dist/npm/*.tgz` and `dist/sizes.json`. What is made from unchanged sources is
//! left alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::cache::{Key, lock};
use crate::guest::{self, Goal};
use crate::part::{Found, Part};
use crate::process;
use crate::sdk;
use crate::setup::Setup;
use crate::site::Site;
use crate::sizes;

const HELP: &str = "\
Usage: cargo xtask dist

Builds dist/filter/sightline_filter.wasm for Envoy, _mesh.wasm for Istio and
Envoy Gateway, _nginx.wasm for ngx_wasm_module, dist/npm/*.tgz and dist/sizes.json
(bytes of each, raw and compressed) from the sources as they are.";

/// What every guest is made from, beside its own sources.
pub const SHARED: [&str; 5] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    ".cargo/config.toml",
    "core",
];

const FILTER: &str = "dist/filter/sightline_filter.wasm";
/// The filter for other hosts: a feature of its crate, and the file.
const OTHER_FILTERS: [(&str, &str); 2] = [
    ("mesh", "dist/filter/sightline_filter_mesh.wasm"),
    ("nginx", "dist/filter/sightline_filter_nginx.wasm"),
];

/// `cargo xtask dist`.
pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    if crate::flags("dist", HELP, [], arguments)?.is_none() {
        return Ok(());
    }
    build(site)?;
    for file in shipped(site)? {
        println!("{file}");
    }
    Ok(())
}

/// Makes all of it; the sizes.
pub fn build(site: &Site) -> Result<sizes::Table> {
    let parts = [Part::Wasm, Part::Binaryen, Part::Filter, Part::Sdk];
    let setup = Setup::new(site, true, &parts)?;
    let node = setup.node.clone();
    setup.get_all(&parts, &[])?;
    let mut files = shipped(site)?;
    files.extend(sdk::measured(site)?);
    let table = sizes::measure(&node, &site.root, &files)?;
    sizes::write(&site.path("dist/sizes.json"), &table)?;
    sdk::within_budget(&table)?;
    Ok(table)
}

/// `dist/filter/sightline_filter.wasm`, made anew where its sources changed.
pub fn filter(setup: &Setup) -> Result<Found> {
    let key = Key::new("filters", "")
        .with_files(&setup.site.root, &SHARED)?
        .with_files(&setup.site.root, &["proxy-filter"])?;
    let output = setup.site.path(FILTER);
    made(setup, Part::Filter, key, &output, |log| {
        // Last the one that says whether all are up to date.
        for (feature, file) in OTHER_FILTERS.into_iter().chain([("envoy", FILTER)]) {
            let package = "sightline-filter";
            let built = guest::build(setup, package, Some(feature), Goal::Speed, log)?;
            optimised(setup, &["-O3"], &built, &setup.site.path(file), log)?;
        }
        Ok(())
    })?;
    Ok(Found::at(output))
}

/// Runs `build` unless `output` is there and made from what `key` names.
pub fn made(
    setup: &Setup,
    part: Part,
    key: Key,
    output: &Path,
    build: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let dist = setup.site.path("dist");
    let compiler = setup.get(Part::Wasm)?.path.to_string_lossy().into_owned();
    let digest = key.with(compiler).digest();
    let name = part.name().replace(' ', "-");
    let stamp = dist.join(".made").join(&name);
    let _lock = lock(&dist.join(".made/lock").join(&name), part.name())?;
    if output.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == digest) {
        setup.progress.there(part.name(), "", "up to date");
        return Ok(());
    }
    let started = Instant::now();
    setup.progress.begun(part.name(), "", "building");
    let log = setup.site.target.join(format!("xtask/{name}.log"));
    let _ = fs::remove_file(&log);
    build(&log)?;
    fs::write(stamp, digest)?;
    setup.progress.ready(part.name(), "", started.elapsed());
    Ok(())
}

/// Writes the smallest equal of a wasm file, in one step so that nobody reads
/// half of it.
pub fn optimised(
    setup: &Setup,
    passes: &[&str],
    input: &Path,
    output: &Path,
    log: &Path,
) -> Result<()> {
    let binaryen = &setup.get(Part::Binaryen)?.path;
    let folder = output.parent().context("the output lies in a folder")?;
    fs::create_dir_all(folder)?;
    let unfinished = output.with_extension("wasm.unfinished");
    process::run(
        Command::new(&setup.node)
            .arg(binaryen.join("node_modules/binaryen/bin/wasm-opt"))
            .args(passes)
            .args([
                "--strip-debug",
                "--strip-producers",
                "--strip-target-features",
                // Hints for processors that no browser runs on; they compress badly.
                "--dealign",
            ])
            .arg(input)
            .arg("-o")
            .arg(&unfinished),
        log,
    )?;
    fs::rename(unfinished, output)?;
    Ok(())
}

/// Writes the same program as a module of JavaScript. What only newer engines of
/// wasm can do is put in older terms first, which wasm2js asks for.
pub fn as_javascript(setup: &Setup, input: &Path, output: &Path, log: &Path) -> Result<()> {
    let tools = setup
        .get(Part::Binaryen)?
        .path
        .join("node_modules/binaryen/bin");
    let lowered = output.with_extension("wasm");
    let run = |tool: &str, arguments: &[&str], input: &Path, output: &Path| {
        let mut command = Command::new(&setup.node);
        command.arg(tools.join(tool)).args(arguments).arg(input);
        process::run(command.arg("-o").arg(output), log)
    };
    let lowering = [
        "--llvm-nontrapping-fptoint-lowering",
        "--llvm-memory-copy-fill-lowering",
        "--signext-lowering",
    ];
    let smallest = [
        "-Oz",
        "--strip-debug",
        "--strip-producers",
        "--strip-target-features",
    ];
    run("wasm-opt", &lowering, input, &lowered)?;
    run("wasm-opt", &smallest, &lowered, &lowered)?;
    run("wasm2js", &["-Oz"], &lowered, output)?;
    fs::remove_file(&lowered).context("remove what wasm2js has read")
}

/// What lies ready to be shipped, relative to the checkout.
fn shipped(site: &Site) -> Result<Vec<String>> {
    let others = OTHER_FILTERS.map(|(_, file)| file.to_owned());
    let mut files = vec![FILTER.to_owned()];
    files.extend(others);
    files.push(relative(site, &sdk::tarball(site)?));
    Ok(files)
}

pub fn relative(site: &Site, path: &Path) -> String {
    let path: PathBuf = path.strip_prefix(&site.root).unwrap_or(path).into();
    path.to_string_lossy().into_owned()
}
