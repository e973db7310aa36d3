//! Where things lie: this checkout, its build folder, and the per-user cache.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::manifest::Manifest;

pub struct Site {
    /// The checkout.
    pub root: PathBuf,
    /// Cargo's build folder.
    pub target: PathBuf,
    /// The per-user cache, shared by every checkout.
    pub home: PathBuf,
    /// Set by CI systems: what can't be had is a failure, not a gap.
    pub ci: bool,
    pub manifest: Manifest,
}

impl Site {
    pub fn find() -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package
            .parent()
            .context("xtask lies in no checkout")?
            .to_owned();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Ok(Self {
            manifest: Manifest::read(&package.join("parts.toml"))?,
            target,
            home: root.join(cache_folder()?),
            ci: sightline_tests::parts::is_ci(),
            root,
        })
    }

    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(home) = set("SIGHTLINE_HOME") {
        return Ok(home);
    }
    if let Some(cache) = set("XDG_CACHE_HOME") {
        return Ok(cache.join("sightline"));
    }
    let home = set("HOME").context("neither SIGHTLINE_HOME nor HOME is set: set one")?;
    Ok(home.join(".cache/sightline"))
}

fn set(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable)?;
    (!value.is_empty()).then(|| value.into())
}
