//! A Prometheus rule file as it is written, with the line of every rule. Unknown
//! fields are refused, as Prometheus refuses them.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// A rule file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Its groups, each evaluated in order.
    pub groups: Vec<Group>,
}

/// Rules that are evaluated together, one after another.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Unique in its file.
    pub name: String,
    /// Between two evaluations, such as `30s`; Prometheus' own without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// The most series or alerts that a rule may make; any number without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The name of what it records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The name of the alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// PromQL.
    pub expr: Expression,
    /// How long it must hold before an alert fires.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// How long an alert goes on after it holds no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_firing_for: Option<String>,
    /// Labels that are added.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What an alert tells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Rule {
    /// What it records, or the alert's name; empty where it has neither.
    pub fn name(&self) -> &str {
        let name = self.alert.as_ref().or(self.record.as_ref());
        name.map(String::as_str).unwrap_or_default()
    }
}

/// PromQL and where it stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Spanned<String>")]
pub struct Expression {
    /// The text.
    pub text: String,
    /// Its line in the file, from 1; 0 where it was made.
    pub line: u64,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl From<Spanned<String>> for Expression {
    fn from(spanned: Spanned<String>) -> Self {
        Self {
            line: spanned.referenced.line(),
            text: spanned.value,
        }
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self { text, line: 0 }
    }
}

impl Serialize for Expression {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl RuleFile {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self> {
        serde_saphyr::from_str(text).context("not a Prometheus rule file")
    }

    /// Writes it as YAML.
    pub fn to_yaml(&self) -> Result<String> {
        Ok(serde_saphyr::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
groups:
  - name: a
    rules:
      - alert: Down
        expr: up == 0
        for: 1m
        labels: {severity: page}
      - record: job:up:sum
        expr: |
          sum by (job) (
            up{job=~\"a\\\\.b\"}
          )
";

    #[test]
    fn lines_are_those_where_expressions_begin() {
        let file = RuleFile::parse(TEXT).unwrap();
        let rules = &file.groups[0].rules;
        assert_eq!((rules[0].name(), rules[0].expr.line), ("Down", 5));
        assert_eq!((rules[1].name(), rules[1].expr.line), ("job:up:sum", 10));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let file = RuleFile::parse(TEXT).unwrap();
        let text = file.to_yaml().unwrap();
        assert_eq!(RuleFile::parse(&text).unwrap(), file, "{text}");
    }

    #[test]
    fn what_is_no_rule_file_is_refused() {
        for text in [
            "",
            "groups: 3",
            "groups: [{name: a, rules: [{alrt: b}]}]",
            "route: {}",
        ] {
            assert!(RuleFile::parse(text).is_err(), "{text}");
        }
    }
}
