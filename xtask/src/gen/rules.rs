//! `collector-config/rules/`: the objectives' rules from `slo.yaml`, and each
//! file of `alerts/` with the links of its alerts.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sightline_rules::links::{self, Links};
use sightline_rules::objective::Document;
use sightline_rules::rule_file::RuleFile;
use sightline_rules::{objective_rules, objective_tests};

use crate::cache::files_below;
use crate::site::Site;

/// What is promised.
pub const OBJECTIVES: &str = "collector-config/slo.yaml";
const ALERTS: &str = "collector-config/alerts";
const TESTS: &str = "collector-config/tests/slo.yaml";
/// Where the rules are.
pub const RULES: &str = "collector-config/rules";

/// Every file of rules by its path in the repository, with its text.
pub fn make(site: &Site) -> Result<Vec<(String, String)>> {
    let text = fs::read_to_string(site.path(OBJECTIVES)).context(OBJECTIVES)?;
    let document = Document::parse(&text).context(OBJECTIVES)?;
    let rules = objective_rules::rules(&document)?;
    let tests = objective_tests::tests(&document, &rules)?;
    let mut made = vec![
        written("slo.yaml", OBJECTIVES, &rules)?,
        (TESTS.to_owned(), head("slo.yaml") + &tests),
    ];
    for path in files_below(&site.path(ALERTS))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let source = format!("{ALERTS}/{name}");
        made.push(linked(&name, &path, &source, &document.links).context(source)?);
    }
    Ok(made)
}

fn linked(name: &str, path: &Path, source: &str, links: &Links) -> Result<(String, String)> {
    let mut file = RuleFile::parse(&fs::read_to_string(path)?)?;
    links::add(&mut file, links)?;
    written(name, source, &file)
}

fn written(name: &str, source: &str, file: &RuleFile) -> Result<(String, String)> {
    let source = source.trim_start_matches("collector-config/");
    Ok((format!("{RULES}/{name}"), head(source) + &file.to_yaml()?))
}

fn head(source: &str) -> String {
    format!("# Made from {source}: change that, then run cargo xtask gen.\n")
}
