//! Builds the guest crates for wasm32-unknown-unknown, in a build folder of
//! their own so that two compilers don't evict one another's work, and with no
//! path of the machine inside the result.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::part::Part;
use crate::process;
use crate::setup::Setup;

pub const TARGET: &str = "wasm32-unknown-unknown";

/// The cargo that runs this.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// How a guest is built where it differs from the release profile.
pub enum Goal {
    Speed,
    /// Every byte crosses a network: the crates that it shares with others are
    /// built for size too, and no memory is kept for a stack that it never uses.
    Size,
}

const STACK_BYTES: usize = 64 * 1024;

/// Builds a package; the file that came out.
///
/// `features` stand in place of the default ones.
pub fn build(
    setup: &Setup,
    package: &str,
    features: Option<&str>,
    goal: Goal,
    log: &Path,
) -> Result<PathBuf> {
    let sysroot = &setup.get(Part::Wasm)?.path;
    let target = setup.site.target.join("guest");
    let mut flags = remapped(&[(&setup.site.root, "."), (sysroot, "/rustc")])?;
    if let Goal::Size = goal {
        flags.push(format!("-Clink-arg=-zstack-size={STACK_BYTES}"));
    }
    let flags: Vec<String> = flags.iter().map(|flag| format!("{flag:?}")).collect();
    let mut command = Command::new(cargo());
    command
        .args([
            "build",
            "--release",
            "--lib",
            "--target",
            TARGET,
            "--package",
            package,
        ])
        .arg("--target-dir")
        .arg(&target)
        .arg("--config")
        .arg(format!("target.{TARGET}.rustflags=[{}]", flags.join(",")))
        .env("RUSTC", sysroot.join("bin/rustc"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .current_dir(&setup.site.root);
    let level = match goal {
        Goal::Speed => "3",
        Goal::Size => "z",
    };
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
    if let Some(features) = features {
        command.args(["--no-default-features", "--features", features]);
    }
    let linker = sysroot.join("bin/wasm-ld");
    if linker.is_file() {
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    process::run(&mut command, log)?;
    let file = package.replace('-', "_") + ".wasm";
    let built = target.join(TARGET).join("release").join(file);
    refuse_paths(&built, &[&setup.site.root, sysroot, &cargo_home()?])?;
    Ok(built)
}

/// Compiler flags that replace the given folders, and those of cargo's
/// sources, in messages and debug information.
pub fn remapped(folders: &[(&Path, &str)]) -> Result<Vec<String>> {
    let mut flags = Vec::new();
    let mut map = |from: &Path, to: &str| {
        flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    };
    for (folder, name) in folders {
        map(folder, name);
    }
    // The last match wins, and a registry's folder is named after its host.
    let home = cargo_home()?;
    map(&home, "/cargo");
    if let Ok(registries) = fs::read_dir(home.join("registry/src")) {
        for registry in registries.flatten() {
            map(&registry.path(), "/crates");
        }
    }
    Ok(flags)
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    Ok(PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cargo"))
}

fn refuse_paths(file: &Path, folders: &[&PathBuf]) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    for folder in folders {
        let path = folder.to_string_lossy();
        if bytes
            .windows(path.len())
            .any(|window| window == path.as_bytes())
        {
            bail!("{} holds a path of this machine, {path}", file.display());
        }
    }
    Ok(())
}
