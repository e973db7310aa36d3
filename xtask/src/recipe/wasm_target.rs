//! A compiler that has the wasm32-unknown-unknown target: the toolchain in use,
//! with the target that it has or that rustup fetches; or, where rustup can
//! fetch none, Debian's compiler, unpacked into the cache, with a standard
//! library built from its sources. Found: a sysroot. Where it holds
//! `bin/wasm-ld`, that is the linker to use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cached;
use crate::cache::Key;
use crate::debian;
use crate::guest::{TARGET, cargo, remapped};
use crate::part::{Found, Part};
use crate::process;
use crate::progress::Progress;
use crate::setup::Setup;
use crate::site::Site;

const RUSTUP_LIMIT: Duration = Duration::from_secs(120);
const LIBRARY: &str = "usr/lib/rustlib/wasm32-unknown-unknown/lib";

pub fn get(setup: &Setup) -> Result<Found> {
    let key = debian_key(setup.site)?;
    match of_toolchain(setup.site, &setup.progress) {
        Ok(sysroot) => return Ok(Found::at(sysroot)),
        Err(_) if key.cached(setup.site).is_some() => (),
        Err(error) if debian::is_here() => {
            let name = Part::Wasm.name();
            eprintln!("{name} … {error:#}; so with Debian's compiler");
        }
        Err(error) => bail!("{error:#}; try `rustup target add {TARGET}`"),
    }
    let doing = "fetching a compiler, building the standard library (about a minute)";
    let folder = cached(setup, Part::Wasm, "", doing, &key, |folder, log| {
        let packages = setup.site.manifest.debian("wasm")?;
        by_debian(setup, packages, folder, log)
    })?;
    Ok(Found::at(folder))
}

/// The toolchain in use, with the target; rustup is asked for it unless it was
/// asked in vain.
pub fn of_toolchain(site: &Site, progress: &Progress) -> Result<PathBuf> {
    let sysroot = sysroot()?;
    if has_target(&sysroot) {
        progress.there(Part::Wasm.name(), "", "in the Rust toolchain");
    } else if debian_key(site)?.cached(site).is_some() {
        bail!("the toolchain lacks {TARGET}, guests are built with Debian's compiler");
    } else {
        by_rustup(site, progress, &sysroot)?;
    }
    Ok(sysroot)
}

fn debian_key(site: &Site) -> Result<Key> {
    let packages = site.manifest.debian("wasm")?;
    Ok(Key::new("wasm-target", "")
        .with(packages.join(" "))
        .with("1"))
}

/// The toolchain of the cargo that runs this.
fn sysroot() -> Result<PathBuf> {
    let cargo = PathBuf::from(cargo());
    if let Some(sysroot) = cargo.parent().and_then(Path::parent)
        && sysroot.join("bin/rustc").is_file()
        && sysroot.join("lib/rustlib").is_dir()
    {
        return Ok(sysroot.to_owned());
    }
    let printed = process::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(printed.trim().into())
}

fn has_target(sysroot: &Path) -> bool {
    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    fs::read_dir(library).is_ok_and(|files| {
        files
            .flatten()
            .any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

fn by_rustup(site: &Site, progress: &Progress, sysroot: &Path) -> Result<()> {
    let rustup = process::on_path("rustup").context("there is no rustup to fetch it with")?;
    let started = Instant::now();
    progress.begun(Part::Wasm.name(), "", "asking rustup");
    let log = site.home.join("logs/rustup.log");
    process::run_within(
        Command::new(rustup)
            .args(["target", "add", TARGET])
            .current_dir(&site.root),
        &log,
        RUSTUP_LIMIT,
    )
    .context("rustup can't fetch it")?;
    if !has_target(sysroot) {
        bail!("rustup fetched it for another toolchain than the one in use");
    }
    progress.ready(Part::Wasm.name(), "by rustup", started.elapsed());
    Ok(())
}

fn by_debian(setup: &Setup, names: &[String], folder: &Path, log: &Path) -> Result<()> {
    let minimum = setup.site.manifest.minimum("rust")?;
    let mut packages = debian::resolve(names, log)?;
    match debian::candidate(&packages[0]) {
        Some(version) if version >= minimum => (),
        Some(version) => bail!("Debian's {} is {version}, {minimum} is needed", packages[0]),
        None => bail!("Debian has no {}", packages[0]),
    }
    // Nothing depends on the linker; it is of the same LLVM as the compiler.
    let linker = packages
        .iter()
        .find_map(|name| name.strip_prefix("libllvm"));
    let llvm = linker
        .context("the compiler depends on no LLVM")?
        .to_owned();
    packages.push(format!("lld-{llvm}"));
    debian::unpack(&packages, folder, log)?;

    fs::create_dir_all(folder.join("bin"))?;
    script(folder, "rustc", "usr/bin/rustc")?;
    script(folder, "wasm-ld", &format!("usr/lib/llvm-{llvm}/bin/lld"))?;
    build_library(folder, log)?;

    // What only the build needed.
    for unneeded in ["usr/src", "usr/lib/rustlib/src", "usr/share", "build"] {
        let path = folder.join(unneeded);
        if path.is_symlink() {
            fs::remove_file(path)?;
        } else if path.exists() {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// A program of the package, run with the package's own libraries. To the linker
/// the compiler says itself which linker it is to be.
fn script(folder: &Path, name: &str, program: &str) -> Result<()> {
    let libraries = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let text = format!(
        "#!/bin/sh\nroot=$(dirname \"$(dirname \"$(readlink -f \"$0\")\")\")\n\
         export LD_LIBRARY_PATH=\"$root/{libraries}\"\nexec \"$root/{program}\" \"$@\"\n"
    );
    let path = folder.join("bin").join(name);
    fs::write(&path, text)?;
    process::make_executable(&path)
}

/// Builds the standard library with an empty crate and puts it where the
/// compiler looks for it.
fn build_library(folder: &Path, log: &Path) -> Result<()> {
    let build = folder.join("build");
    fs::create_dir_all(build.join("src"))?;
    fs::write(build.join("src/lib.rs"), "#![no_std]\n")?;
    fs::write(
        build.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n",
    )?;
    process::run(
        Command::new(cargo())
            .args([
                "build",
                "--release",
                "--target",
                TARGET,
                "-Zbuild-std=std,panic_abort",
            ])
            .arg("--target-dir")
            .arg(build.join("target"))
            .env("RUSTC", folder.join("bin/rustc"))
            .env("RUSTC_BOOTSTRAP", "1")
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                remapped(&[(folder, "/rustc")])?.join("\x1f"),
            )
            .env_remove("CARGO_TARGET_DIR")
            .current_dir(&build),
        log,
    )?;
    let library = folder.join(LIBRARY);
    fs::create_dir_all(&library)?;
    for file in fs::read_dir(build.join("target").join(TARGET).join("release/deps"))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libnothing-") {
            fs::copy(file.path(), library.join(name))?;
        }
    }
    Ok(())
}
