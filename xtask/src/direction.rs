//! The direction of dependencies, read from cargo's own metadata: `core` knows
//! neither adapter, the adapters never meet, and nothing depends on the
//! commands.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::guest::cargo;
use crate::process;
use crate::site::Site;

const CORE: &str = "sightline-core";
pub const FILTER: &str = "sightline-filter";
pub const BROWSER: &str = "sightline-browser";
const RULES: &str = "sightline-rules";
const TESTS: &str = "sightline-tests";
const XTASK: &str = "xtask";

/// What must not depend on what, through however many packages.
const FORBIDDEN: [(&str, &str); 14] = [
    (CORE, FILTER),
    (CORE, BROWSER),
    (CORE, TESTS),
    (CORE, XTASK),
    (FILTER, BROWSER),
    (FILTER, XTASK),
    (BROWSER, FILTER),
    (BROWSER, XTASK),
    (TESTS, XTASK),
    (TESTS, BROWSER),
    (CORE, RULES),
    (FILTER, RULES),
    (BROWSER, RULES),
    (RULES, XTASK),
];

/// Packages of the workspace and what each depends on, for any purpose.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Every dependency that points the wrong way.
pub fn check(site: &Site) -> Result<Vec<String>> {
    let printed = process::output(
        Command::new(cargo())
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .current_dir(&site.root),
    )?;
    let metadata: Value = serde_json::from_str(&printed).context("read cargo's metadata")?;
    Ok(wrong(&graph(&metadata)?))
}

fn graph(metadata: &Value) -> Result<Graph> {
    let packages = metadata["packages"]
        .as_array()
        .context("cargo names no packages")?;
    let name = |value: &Value| value["name"].as_str().map(str::to_owned);
    let entries = packages.iter().map(|package| {
        let dependencies = package["dependencies"].as_array();
        let names = dependencies
            .into_iter()
            .flatten()
            .filter_map(name)
            .collect();
        Some((name(package)?, names))
    });
    entries
        .collect::<Option<Graph>>()
        .context("a package has no name")
}

fn wrong(graph: &Graph) -> Vec<String> {
    let reached = FORBIDDEN
        .iter()
        .filter(|(from, to)| reachable(graph, from).contains(*to));
    reached
        .map(|(from, to)| format!("{from} must not depend on {to}"))
        .collect()
}

fn reachable<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut left: Vec<&str> = vec![from];
    while let Some(package) = left.pop() {
        for dependency in graph.get(package).into_iter().flatten() {
            if seen.insert(dependency.as_str()) {
                left.push(dependency);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph_of(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph
                .entry((*from).into())
                .or_default()
                .insert((*to).into());
        }
        graph
    }

    #[test]
    fn the_intended_direction_passes() {
        let graph = graph_of(&[
            (FILTER, CORE),
            (BROWSER, CORE),
            (XTASK, CORE),
            (XTASK, TESTS),
        ]);
        assert_eq!(wrong(&graph), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_dependency_is_found_through_another_package() {
        let graph = graph_of(&[(FILTER, "between"), ("between", BROWSER)]);
        assert_eq!(
            wrong(&graph),
            ["sightline-filter must not depend on sightline-browser"]
        );
    }

    #[test]
    fn this_workspace_points_the_right_way() {
        let site = Site::find().expect("this checkout is found");
        assert_eq!(
            check(&site).expect("cargo has metadata"),
            Vec::<String>::new()
        );
    }
}
