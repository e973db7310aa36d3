//! Gets the parts that a command needs, two lanes at a time: what takes all
//! cores, and what waits for the network. Each part is looked for once; one
//! that needs another waits for it, whichever lane is at it.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Result, anyhow, bail};

use crate::part::{Found, Part};
use crate::prerequisites::{self, Prerequisite};
use crate::progress::Progress;
use crate::recipe;
use crate::site::Site;
use crate::tools::Tools;

const HELP: &str = "\
Usage: cargo xtask setup

Gets every part that demo and test need into the per-user cache and builds what
they run: Envoy, the collector, Prometheus, Alertmanager, blackbox_exporter, Chromium,
Firefox, WebKit, the filter, the browser SDK and the example shop. A program on PATH in a good version is used instead. It can
be interrupted and run again; a second run does nothing.";

pub struct Setup<'a> {
    pub site: &'a Site,
    pub progress: Progress,
    pub node: PathBuf,
    found: [OnceLock<Result<Found, String>>; Part::COUNT],
}

/// `cargo xtask setup`.
pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    if crate::flags("setup", HELP, [], arguments)?.is_none() {
        return Ok(());
    }
    let started = std::time::Instant::now();
    let tools = everything(site, true, &[])?;
    eprintln!(
        "everything is set up ({:.1} s)",
        started.elapsed().as_secs_f64()
    );
    drop(tools);
    Ok(())
}

/// For the commands that run the whole line: says only what takes time. Without
/// the parts that the command does not use.
pub fn quietly(site: &Site, unused: &[Part]) -> Result<Tools> {
    everything(site, false, unused)
}

fn everything(site: &Site, verbose: bool, unused: &[Part]) -> Result<Tools> {
    let all = Part::HEAVY.into_iter().chain(Part::LIGHT);
    let parts: Vec<Part> = all.filter(|part| !unused.contains(part)).collect();
    // A browser can't be installed everywhere, and all but the browser's own
    // tests and pictures work without.
    let optional = if site.ci {
        &[][..]
    } else {
        &[
            Part::Chromium,
            Part::Firefox,
            Part::WebKit,
            Part::NodeExporter,
        ][..]
    };
    Setup::new(site, verbose, &parts)?.get_all(&parts, optional)
}

impl<'a> Setup<'a> {
    /// Ready to get parts: what they need of the machine is there.
    pub fn new(site: &'a Site, verbose: bool, parts: &[Part]) -> Result<Self> {
        let mut wanted = vec![Prerequisite::Node];
        for part in parts {
            wanted.extend(recipe::prerequisites(*part, site)?);
        }
        wanted.sort();
        wanted.dedup();
        let programs = prerequisites::find(&wanted, &site.manifest)?;
        let Some(node) = programs.into_iter().next() else {
            bail!("Node.js was not looked for");
        };
        Ok(Self {
            site,
            progress: Progress::new(verbose),
            node,
            found: Default::default(),
        })
    }

    /// One part and whatever it is made from.
    pub fn get(&self, part: Part) -> Result<&Found> {
        let cell = &self.found[part as usize];
        let result =
            cell.get_or_init(|| recipe::get(part, self).map_err(|error| format!("{error:#}")));
        result
            .as_ref()
            .map_err(|error| anyhow!("{}: {error}", part.name()))
    }

    /// All of them, in two lanes; every failure is told, not only the first.
    pub fn get_all(self, parts: &[Part], optional: &[Part]) -> Result<Tools> {
        std::thread::scope(|scope| {
            for lane in [&Part::HEAVY[..], &Part::LIGHT[..]] {
                scope.spawn(|| {
                    for part in lane.iter().filter(|part| parts.contains(part)) {
                        let _ = self.get(*part);
                    }
                });
            }
        });
        let mut tools = Tools {
            seconds: self.progress.seconds(),
            node: self.node.clone(),
            ..Tools::none(self.site)
        };
        let mut failures = Vec::new();
        for part in parts {
            match self.get(*part) {
                Ok(found) => {
                    tools.found.insert(*part, found.clone());
                }
                Err(error) if optional.contains(part) => eprintln!("{error}"),
                Err(error) => failures.push(error.to_string()),
            }
        }
        // A part that failed because another did repeats its reason.
        let causes: Vec<_> = failures
            .iter()
            .filter(|failure| {
                !failures
                    .iter()
                    .any(|other| other != *failure && failure.ends_with(other.as_str()))
            })
            .cloned()
            .collect();
        if !causes.is_empty() {
            bail!("{}", causes.join("\n"));
        }
        Ok(tools)
    }
}
