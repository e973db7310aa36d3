//! The file that says what to ask: read whole, with every problem by its path.

use anyhow::{Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What is asked, and where.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The service's job in Prometheus: that of the edge in front of it.
    pub service: String,
    /// Where people reach it.
    pub url: String,
    /// Prometheus.
    pub prometheus: String,
    /// Alertmanager, if there is one to ask.
    pub alertmanager: Option<String>,
    /// Jaeger's query address, or the collector's file of spans.
    pub traces: Option<String>,
    /// Loki's address, or the collector's file of log records.
    pub logs: Option<String>,
    /// Whether test alerts are sent.
    pub fire: bool,
    /// Who is on call: primary, secondary, manager.
    pub on_call: [String; 3],
    /// How long logs and traces are kept, in the stores' own words.
    pub retention: [Option<String>; 2],
    /// Where dashboards, rules' tests and runbooks are.
    pub ours: PathBuf,
}

const FIELDS: [&str; 9] = [
    "service",
    "url",
    "prometheus",
    "alertmanager",
    "traces",
    "logs",
    "fire",
    "on_call",
    "retention",
];
const ON_CALL: [&str; 3] = ["primary", "secondary", "manager"];
const RETENTION: [&str; 2] = ["logs", "traces"];

impl Plan {
    /// Reads a file; `ours` is the folder `collector-config`.
    pub fn read(text: &str, ours: &Path) -> Result<Self> {
        let document: Value = serde_saphyr::from_str(text)?;
        let mut problems = Vec::new();
        let plan = Self {
            service: required(&document, "service", &mut problems),
            url: address(
                required(&document, "url", &mut problems),
                "url",
                &mut problems,
            ),
            prometheus: address(
                required(&document, "prometheus", &mut problems),
                "prometheus",
                &mut problems,
            ),
            alertmanager: text_at(&document, "alertmanager", &mut problems)
                .map(|url| address(url, "alertmanager", &mut problems)),
            traces: text_at(&document, "traces", &mut problems),
            logs: text_at(&document, "logs", &mut problems),
            fire: match &document["fire"] {
                Value::Bool(fire) => *fire,
                Value::Null => false,
                _ => {
                    problems.push("fire: must be true or false".to_owned());
                    false
                }
            },
            on_call: ON_CALL.map(|who| {
                let place = format!("on_call.{who}");
                text_at(&document, &place, &mut problems).unwrap_or_default()
            }),
            retention: RETENTION
                .map(|what| text_at(&document, &format!("retention.{what}"), &mut problems)),
            ours: ours.to_owned(),
        };
        unknown(&document, "", &FIELDS, &mut problems);
        unknown(&document["on_call"], "on_call.", &ON_CALL, &mut problems);
        unknown(
            &document["retention"],
            "retention.",
            &RETENTION,
            &mut problems,
        );
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        Ok(plan)
    }
}

fn text_at(document: &Value, place: &str, problems: &mut Vec<String>) -> Option<String> {
    match document.pointer(&format!("/{}", place.replace('.', "/"))) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => {
            problems.push(format!("{place}: must be text"));
            None
        }
    }
}

fn required(document: &Value, place: &str, problems: &mut Vec<String>) -> String {
    let found = text_at(document, place, problems);
    if found.as_ref().is_none_or(String::is_empty) {
        problems.push(format!("{place}: is required"));
    }
    found.unwrap_or_default()
}

fn address(url: String, place: &str, problems: &mut Vec<String>) -> String {
    let is_one = url.starts_with("http://") || url.starts_with("https://");
    if !url.is_empty() && !is_one {
        problems.push(format!(
            "{place}: must begin with http:// or https://, got {url}"
        ));
    }
    url.trim_end_matches('/').to_owned()
}

fn unknown(document: &Value, within: &str, known: &[&str], problems: &mut Vec<String>) {
    match document {
        Value::Object(fields) => problems.extend(
            fields
                .keys()
                .filter(|key| !known.contains(&key.as_str()))
                .map(|key| format!("{within}{key}: unknown field")),
        ),
        Value::Null if !within.is_empty() => (),
        _ => problems.push(format!(
            "{}: must be a mapping",
            within.trim_end_matches('.')
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_by_its_path() {
        let text = "service: ''\nurl: shop.example\nfire: maybe\nprometheus: 7\nalerts: x\n\
                    on_call: {primary: ann, boss: bob}\n";
        let error = Plan::read(text, Path::new("")).unwrap_err().to_string();
        let mut problems: Vec<_> = error.lines().collect();
        problems.sort_unstable();
        assert_eq!(
            problems,
            [
                "alerts: unknown field",
                "fire: must be true or false",
                "on_call.boss: unknown field",
                "prometheus: is required",
                "prometheus: must be text",
                "service: is required",
                "url: must begin with http:// or https://, got shop.example",
            ]
        );
    }

    #[test]
    fn what_is_not_said_is_not_asked() {
        let text = "{service: edge, url: 'http://a/', prometheus: 'http://b'}";
        let plan = Plan::read(text, Path::new("")).unwrap();
        assert_eq!((plan.url.as_str(), plan.traces), ("http://a", None));
        assert!(!plan.fire);
    }
}
