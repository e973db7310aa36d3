//! Rule files as other people write them: plain ones, `PrometheusRule` resources,
//! several documents in a file, fields of newer servers. Stricter reading of our
//! own files is `rule_file`'s.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use super::{Finding, Source};

#[derive(Deserialize)]
struct Document {
    groups: Option<Spanned<Vec<Group>>>,
    spec: Option<Spec>,
    items: Option<Vec<Item>>,
    route: Option<IgnoredAny>,
    receivers: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Item {
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Spec {
    groups: Option<Vec<Group>>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    rules: Option<Vec<RawRule>>,
}

#[derive(Deserialize)]
struct RawRule {
    record: Option<Spanned<String>>,
    alert: Option<Spanned<String>>,
    expr: Spanned<String>,
    #[serde(rename = "for")]
    hold: Option<String>,
    #[serde(default)]
    labels: Option<BTreeMap<String, Spanned<String>>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, Spanned<String>>>,
}

/// A rule and where it stands.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The file.
    pub file: String,
    /// The name of the alert, or of what is recorded.
    pub name: String,
    /// Whether it is an alert.
    pub is_alert: bool,
    /// Where the rule's name stands.
    pub line: u64,
    /// PromQL.
    pub text: String,
    /// Where it begins.
    pub expr_line: u64,
    /// How long it must hold; empty without.
    pub hold: String,
    /// Labels that are added, the group's among them.
    pub labels: BTreeMap<String, (u64, String)>,
    /// What an alert tells.
    pub annotations: BTreeMap<String, (u64, String)>,
}

/// What a file holds.
pub struct Read {
    /// Its rules.
    pub rules: Vec<Rule>,
    /// What is wrong with the file as a whole.
    pub findings: Vec<Finding>,
}

/// Reads the rules of a file; the error says why it is no rule file.
pub fn read(source: &Source) -> Result<Read, String> {
    let documents: Vec<Document> = serde_saphyr::from_multiple(&source.text)
        .map_err(|error| format!("not a Prometheus rule file: {}", one_line(&error)))?;
    let mut read = Read {
        rules: Vec::new(),
        findings: Vec::new(),
    };
    let mut has_groups = false;
    for document in documents {
        let is_of_alertmanager = document.route.is_some() || document.receivers.is_some();
        let mut groups = Vec::new();
        if let Some(own) = document.groups {
            if is_of_alertmanager {
                let message = "rule groups in Alertmanager's configuration: Alertmanager \
                               refuses the file; rules belong in a file that `rule_files` of \
                               Prometheus names";
                read.findings.push(Finding {
                    file: source.name.clone(),
                    line: own.referenced.line().saturating_sub(1).max(1),
                    rule: "groups".into(),
                    check: "rules-in-alertmanager",
                    message: message.into(),
                });
            }
            has_groups = true;
            groups.extend(own.value);
        }
        let specs = document
            .items
            .into_iter()
            .flatten()
            .map(|item| item.spec)
            .chain([document.spec]);
        for own in specs.flatten().filter_map(|spec| spec.groups) {
            has_groups = true;
            groups.extend(own);
        }
        for group in groups {
            for rule in group.rules.into_iter().flatten() {
                read.rules.push(made(&source.name, &group.labels, rule)?);
            }
        }
    }
    if !has_groups {
        return Err("not a Prometheus rule file: neither `groups` nor `spec.groups` in it".into());
    }
    Ok(read)
}

fn made(file: &str, shared: &BTreeMap<String, String>, raw: RawRule) -> Result<Rule, String> {
    let line = raw.expr.referenced.line();
    let is_alert = raw.alert.is_some();
    let name = match (raw.alert, raw.record) {
        (Some(name), None) | (None, Some(name)) => name,
        _ => {
            return Err(format!(
                "not a Prometheus rule file: the rule at line {line} is to have `alert` or `record`"
            ));
        }
    };
    let located = |values: Option<BTreeMap<String, Spanned<String>>>| {
        values
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| (key, (value.referenced.line(), value.value)))
            .collect::<BTreeMap<_, _>>()
    };
    let mut labels: BTreeMap<_, _> = shared
        .iter()
        .map(|(key, value)| (key.clone(), (line, value.clone())))
        .collect();
    labels.extend(located(raw.labels));
    Ok(Rule {
        file: file.to_owned(),
        is_alert,
        line: name.referenced.line(),
        name: name.value,
        text: raw.expr.value,
        expr_line: line,
        hold: raw.hold.unwrap_or_default(),
        labels,
        annotations: located(raw.annotations),
    })
}

/// The reader draws the place over several lines; the first says what and where.
fn one_line(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let first = text.lines().find(|line| !line.trim().is_empty());
    first.unwrap_or_default().trim().to_owned()
}
