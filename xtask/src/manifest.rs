//! `parts.toml` as types: what is pinned, and what is accepted on PATH.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::version::Version;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    minimum: BTreeMap<String, String>,
    pub envoy: PythonBinary,
    pub npm: Vec<NpmPackage>,
    debian: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonBinary {
    pub package: String,
    pub version: String,
    pub sha256: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NpmPackage {
    pub package: String,
    pub version: String,
    pub integrity: String,
}

impl Manifest {
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("read {}", path.display()))
    }

    /// The lowest version accepted of a program on PATH.
    pub fn minimum(&self, program: &str) -> Result<Version> {
        self.minimum
            .get(program)
            .and_then(|text| Version::find(text))
            .with_context(|| format!("parts.toml has no minimum version of {program}"))
    }

    pub fn debian(&self, purpose: &str) -> Result<&[String]> {
        self.debian
            .get(purpose)
            .map(Vec::as_slice)
            .with_context(|| format!("parts.toml has no Debian packages for {purpose}"))
    }

    pub fn npm(&self, package: &str) -> Result<&NpmPackage> {
        self.npm
            .iter()
            .find(|entry| entry.package == package)
            .with_context(|| format!("parts.toml has no npm package {package}"))
    }
}
