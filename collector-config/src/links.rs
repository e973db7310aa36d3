//! Where alerts lead: a runbook for every alert, and the dashboard that its
//! source names by uid.

use crate::rule_file::RuleFile;
use anyhow::{Result, bail};
use serde::Deserialize;
use sightline_core::dashboard;

/// Annotation of a source: the uid of a dashboard.
pub const DASHBOARD: &str = "dashboard";
/// Annotation of a made rule: the dashboard's address.
pub const DASHBOARD_URL: &str = "dashboard_url";
/// Annotation of a made rule: the runbook's address.
pub const RUNBOOK_URL: &str = "runbook_url";

/// Where the pages are served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// The folder of runbooks.
    pub runbooks: String,
    /// Grafana.
    pub dashboards: String,
}

impl Links {
    /// Where an alert's runbook is.
    pub fn runbook(&self, alert: &str) -> String {
        format!("{}/{alert}.md", self.runbooks.trim_end_matches('/'))
    }
}

/// Puts addresses into every alert. Fails, with every problem, where a source
/// names no dashboard or one that there is not, or has an address already.
pub fn add(file: &mut RuleFile, links: &Links) -> Result<()> {
    let mut problems = Vec::new();
    for rule in file.groups.iter_mut().flat_map(|group| &mut group.rules) {
        let Some(alert) = &rule.alert else {
            continue;
        };
        for made in [DASHBOARD_URL, RUNBOOK_URL] {
            if rule.annotations.contains_key(made) {
                problems.push(format!("{alert}: {made} is made, not written"));
            }
        }
        let uid = rule.annotations.remove(DASHBOARD).unwrap_or_default();
        if !dashboard::is_known(&uid) {
            problems.push(format!("{alert}: there is no dashboard `{uid}`"));
        }
        let dashboard = format!("{}/d/{uid}", links.dashboards.trim_end_matches('/'));
        let runbook = links.runbook(alert);
        rule.annotations.insert(DASHBOARD_URL.into(), dashboard);
        rule.annotations.insert(RUNBOOK_URL.into(), runbook);
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(annotations: &str) -> Result<RuleFile> {
        let text = format!(
            "groups: [{{name: g, rules: [{{record: r, expr: a}}, \
             {{alert: A, expr: r > 0, annotations: {annotations}}}]}}]"
        );
        let mut file = RuleFile::parse(&text)?;
        let links = Links {
            runbooks: "https://books.example/".into(),
            dashboards: "https://boards.example".into(),
        };
        add(&mut file, &links)?;
        Ok(file)
    }

    #[test]
    fn an_alert_gets_both_addresses() {
        let file = linked("{dashboard: sightline-red, summary: s}").unwrap();
        let annotations = &file.groups[0].rules[1].annotations;
        assert_eq!(
            annotations[DASHBOARD_URL],
            "https://boards.example/d/sightline-red"
        );
        assert_eq!(annotations[RUNBOOK_URL], "https://books.example/A.md");
        assert!(!annotations.contains_key(DASHBOARD));
        assert!(file.groups[0].rules[0].annotations.is_empty());
    }

    #[test]
    fn a_source_names_a_dashboard_that_exists_and_no_address() {
        for annotations in [
            "{summary: s}",
            "{dashboard: none}",
            "{dashboard: sightline-red, runbook_url: x}",
        ] {
            assert!(linked(annotations).is_err(), "{annotations}");
        }
    }
}
