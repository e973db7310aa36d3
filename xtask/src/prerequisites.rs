//! Programs that Sightline does not bring: Node.js, Python and Go. What is
//! missing is said in one line each, all at once, and only where it is needed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::manifest::Manifest;
use crate::process;
use crate::version::Version;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prerequisite {
    Node,
    Python,
    Go,
}

impl Prerequisite {
    fn name(self) -> &'static str {
        match self {
            Self::Node => "Node.js",
            Self::Python => "Python",
            Self::Go => "Go",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Python => "python",
            Self::Go => "go",
        }
    }

    fn why(self) -> &'static str {
        match self {
            Self::Node => "for wasm-opt, the browser SDK and the example shop",
            Self::Python => "with venv, to fetch Envoy and for the example shop's API",
            Self::Go => {
                "to build the collector, Alertmanager or blackbox_exporter, where PATH has none"
            }
        }
    }

    fn how(self) -> &'static str {
        match self {
            Self::Node => "install it from nodejs.org or your package manager, with npm",
            Self::Python => {
                "install it from python.org or your package manager (Debian: python3-venv)"
            }
            Self::Go => {
                "install it from go.dev, or put otelcol-contrib, alertmanager, amtool and blackbox_exporter on PATH"
            }
        }
    }

    /// The program, where it is there in a good version.
    fn find(self, minimum: Version) -> Result<PathBuf, String> {
        let name = match self {
            Self::Node => "node",
            Self::Python => "python3",
            Self::Go => "go",
        };
        let Some(program) = process::on_path(name) else {
            return Err("is not on PATH".into());
        };
        let mut command = Command::new(&program);
        match self {
            Self::Node => command.arg("--version"),
            Self::Python => command.args([
                "-c",
                "import ensurepip, platform, venv; print(platform.python_version())",
            ]),
            Self::Go => command.arg("version").env("GOTOOLCHAIN", "local"),
        };
        let Ok(printed) = process::output(&mut command) else {
            return Err("does not run as it should".into());
        };
        if self == Self::Node && process::on_path("npm").is_none() {
            return Err("comes without npm".into());
        }
        match Version::find(&printed) {
            Some(version) if version >= minimum => Ok(program),
            Some(version) => Err(format!("is {version}")),
            None => Err("prints no version".into()),
        }
    }
}

/// Finds each, or says of all that are missing which, why, and how to get them.
pub fn find(wanted: &[Prerequisite], manifest: &Manifest) -> Result<Vec<PathBuf>> {
    let minimums = wanted.iter().map(|wanted| manifest.minimum(wanted.key()));
    let minimums: Vec<Version> = minimums.collect::<Result<_>>()?;
    let results: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = wanted
            .iter()
            .zip(&minimums)
            .map(|(wanted, minimum)| scope.spawn(|| wanted.find(*minimum)))
            .collect();
        started.into_iter().map(|thread| thread.join()).collect()
    });
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for ((wanted, minimum), result) in wanted.iter().zip(&minimums).zip(results) {
        match result {
            Ok(Ok(path)) => found.push(path),
            Ok(Err(reason)) => missing.push(format!(
                "{} {minimum} or later is needed {}; it {reason}: {}",
                wanted.name(),
                wanted.why(),
                wanted.how()
            )),
            Err(_) => missing.push(format!("{} could not be looked for", wanted.name())),
        }
    }
    if !missing.is_empty() {
        bail!("{}", missing.join("\n"));
    }
    Ok(found)
}
