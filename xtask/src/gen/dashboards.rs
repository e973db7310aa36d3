//! `collector-config/dashboards/`: a file for each dashboard, none of which has a
//! mistake that can be seen without data.

use std::fs;

use anyhow::{Context, Result, bail};
use sightline_rules::dashboard::{self, check};
use sightline_rules::objective::Document;
use sightline_rules::rule_file::RuleFile;

use super::rules;
use crate::site::Site;

/// Where the dashboards are.
pub const FOLDER: &str = "collector-config/dashboards";

/// Every dashboard by its path in the repository, with its text; `made` are the
/// rules, which record what some panels show.
pub fn make(site: &Site, made: &[(String, String)]) -> Result<Vec<(String, String)>> {
    let dashboards = all(site)?;
    let made = made
        .iter()
        .filter(|(path, _)| path.starts_with(rules::RULES));
    let recorded: Vec<_> = made
        .map(|(path, text)| RuleFile::parse(text).with_context(|| path.clone()))
        .collect::<Result<_>>()?;
    let problems = check::problems(&dashboards, &recorded)?;
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    let file = |one: &dashboard::Dashboard| (format!("{FOLDER}/{}.json", one.page.uid), one.json());
    Ok(dashboards.iter().map(file).collect())
}

/// What each is for.
pub fn table(site: &Site) -> Result<String> {
    let mut table = "| dashboard | what it answers | panels |\n|---|---|---|\n".to_owned();
    for one in all(site)? {
        let (uid, about, panels) = (one.page.uid, one.about, one.panels());
        table += &format!("| [`{uid}`](dashboards/{uid}.json) | {about} | {panels} |\n");
    }
    Ok(table)
}

fn all(site: &Site) -> Result<Vec<dashboard::Dashboard>> {
    let text = fs::read_to_string(site.path(rules::OBJECTIVES)).context(rules::OBJECTIVES)?;
    Ok(dashboard::all(&Document::parse(&text)?))
}
