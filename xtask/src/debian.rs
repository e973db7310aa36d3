//! Debian packages by apt: unpacked into a folder without root, or installed as
//! root. apt checks them against the archive's signed index.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Result, bail};

use crate::process;
use crate::version::Version;

/// apt takes one at a time.
static APT: Mutex<()> = Mutex::new(());

pub fn is_here() -> bool {
    ["apt-get", "apt-cache", "dpkg-deb"]
        .iter()
        .all(|program| process::on_path(program).is_some())
}

#[cfg(unix)]
pub fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(not(unix))]
pub fn is_root() -> bool {
    false
}

/// Fetches packages and unpacks them into `folder`.
pub fn unpack(names: &[String], folder: &Path, log: &Path) -> Result<()> {
    let _one = APT.lock();
    refresh_unless_known(names, log)?;
    let fetched = folder.join("packages");
    fs::create_dir_all(&fetched)?;
    let download = || {
        let mut command = Command::new("apt-get");
        process::run(
            command.arg("download").args(names).current_dir(&fetched),
            log,
        )
    };
    // An old list names files that the archive no longer has.
    download().or_else(|_| refresh(log).and_then(|()| download()))?;
    for package in fs::read_dir(&fetched)? {
        process::run(
            Command::new("dpkg-deb")
                .arg("-x")
                .arg(package?.path())
                .arg(folder),
            log,
        )?;
    }
    fs::remove_dir_all(fetched)?;
    Ok(())
}

/// The packages that these names stand for: one that ends in `*` stands for what
/// the plain ones depend on under such a name.
pub fn resolve(names: &[String], log: &Path) -> Result<Vec<String>> {
    let _one = APT.lock();
    let (prefixes, plain): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| name.ends_with('*'));
    refresh_unless_known(&plain, log)?;
    let depends = process::output(
        Command::new("apt-cache")
            .args([
                "depends",
                "--recurse",
                "--no-recommends",
                "--no-suggests",
                "--no-conflicts",
            ])
            .args(["--no-breaks", "--no-replaces", "--no-enhances"])
            .args(&plain),
    )?;
    let wanted = |name: &str| {
        prefixes
            .iter()
            .any(|prefix| name.starts_with(prefix.trim_end_matches('*')))
    };
    let mut packages: Vec<String> = plain.into_iter().cloned().collect();
    packages.extend(
        depends
            .lines()
            .filter(|line| wanted(line))
            .map(str::to_owned),
    );
    Ok(packages)
}

/// Installs packages; root only.
pub fn install(names: &[String], log: &Path) -> Result<()> {
    let _one = APT.lock();
    refresh_unless_known(names, log)?;
    let install = || {
        let mut command = Command::new("apt-get");
        command
            .args([
                "install",
                "-y",
                "--no-install-recommends",
                "-o",
                "DPkg::Lock::Timeout=300",
            ])
            .args(names)
            .env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&mut command, log)
    };
    install().or_else(|_| refresh(log).and_then(|()| install()))
}

/// The version of a package that apt would fetch now.
pub fn candidate(name: &str) -> Option<Version> {
    let shown =
        process::output(Command::new("apt-cache").args(["show", "--no-all-versions", name]));
    let shown = shown.ok()?;
    let line = shown
        .lines()
        .find_map(|line| line.strip_prefix("Version:"))?;
    Version::find(line)
}

fn refresh_unless_known(names: &[impl AsRef<str>], log: &Path) -> Result<()> {
    let Some(unknown) = names.iter().find(|name| candidate(name.as_ref()).is_none()) else {
        return Ok(());
    };
    if !is_root() {
        bail!(
            "apt knows no {}: run `sudo apt-get update`, then this again",
            unknown.as_ref()
        );
    }
    refresh(log)
}

fn refresh(log: &Path) -> Result<()> {
    process::run(
        Command::new("apt-get").args(["update", "-o", "DPkg::Lock::Timeout=300"]),
        log,
    )
}
