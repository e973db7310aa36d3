//! The file that says what to ask: read whole, with every problem by its path.

use crate::http::Client;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use sightline_rules::duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is asked, and where.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The service's job in Prometheus: that of the edge in front of it.
    pub service: String,
    /// The job of its pages, if it has some.
    pub pages: Option<String>,
    /// Where people reach it.
    pub url: String,
    /// What it is called where it is probed: the same, unless probes have another way.
    pub probed_as: String,
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
    /// The share of traces that is to be kept.
    pub sampling: f64,
    /// Who is on call: primary, secondary, manager.
    pub on_call: [String; 3],
    /// How long logs and traces are kept.
    pub retention: [Option<Duration>; 2],
    /// Files with the bearer token of each of [`STORES`].
    pub token_files: [Option<String>; 4],
    /// Where dashboards, rules' tests and runbooks are.
    pub ours: PathBuf,
}

/// What a file can say.
pub const FIELDS: [&str; 13] = [
    "service",
    "pages",
    "url",
    "probed_as",
    "prometheus",
    "alertmanager",
    "traces",
    "logs",
    "fire",
    "sampling",
    "on_call",
    "retention",
    "token_files",
];
/// What can be asked for a token.
pub const STORES: [&str; 4] = ["prometheus", "alertmanager", "traces", "logs"];
/// What the collector keeps where nobody says otherwise.
const SAMPLING: f64 = 0.1;
const ON_CALL: [&str; 3] = ["primary", "secondary", "manager"];
const RETENTION: [&str; 2] = ["logs", "traces"];

impl Plan {
    /// Reads a file; `ours` is the folder `collector-config`.
    pub fn read(text: &str, ours: &Path) -> Result<Self> {
        let document: Value = serde_saphyr::from_str(text)?;
        let mut problems = Vec::new();
        let url = required_address(&document, "url", &mut problems);
        let plan = Self {
            service: required(&document, "service", &mut problems),
            pages: text_at(&document, "pages", &mut problems),
            probed_as: text_at(&document, "probed_as", &mut problems)
                .map_or(url.clone(), |of| address(of, "probed_as", &mut problems)),
            url,
            prometheus: required_address(&document, "prometheus", &mut problems),
            alertmanager: text_at(&document, "alertmanager", &mut problems)
                .map(|url| address(url, "alertmanager", &mut problems)),
            traces: store(&document, "traces", &mut problems),
            logs: store(&document, "logs", &mut problems),
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
            sampling: match &document["sampling"] {
                Value::Null => SAMPLING,
                given => given
                    .as_f64()
                    .filter(|share| *share > 0.0 && *share <= 1.0)
                    .unwrap_or_else(|| {
                        problems.push("sampling: must be above 0 and at most 1".to_owned());
                        SAMPLING
                    }),
            },
            retention: RETENTION.map(|what| {
                let place = format!("retention.{what}");
                let kept = text_at(&document, &place, &mut problems)?;
                let kept = duration::parse(&kept).map_err(|why| format!("{place}: {why}"));
                kept.map_err(|why| problems.push(why)).ok()
            }),
            token_files: STORES.map(|store| {
                let place = format!("token_files.{store}");
                let file = text_at(&document, &place, &mut problems)?;
                is_file(&file, &place, &mut problems).then_some(file)
            }),
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
        let files = &document["token_files"];
        unknown(files, "token_files.", &STORES, &mut problems);
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        Ok(plan)
    }

    /// Who asks one of [`STORES`].
    pub fn client(&self, store: &str) -> Result<Client> {
        let client = Client::default();
        let files = STORES.iter().zip(&self.token_files);
        let mut of_store = files.filter(|(name, _)| **name == store);
        match of_store.next().and_then(|(_, file)| file.as_ref()) {
            None => Ok(client),
            Some(file) => {
                let token = fs::read_to_string(file).with_context(|| file.clone())?;
                client.with_token(token.trim())
            }
        }
    }
}

/// Whether an address is one of HTTP, not a file.
pub fn is_http(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
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
    let before = problems.len();
    let found = text_at(document, place, problems).unwrap_or_default();
    if found.is_empty() && problems.len() == before {
        problems.push(format!("{place}: is required"));
    }
    found
}

fn required_address(document: &Value, place: &str, problems: &mut Vec<String>) -> String {
    let url = required(document, place, problems);
    match url.is_empty() {
        true => url,
        false => address(url, place, problems),
    }
}

/// What is wrong here is not printed: it may hold a password.
fn address(url: String, place: &str, problems: &mut Vec<String>) -> String {
    match url.split_once("://") {
        Some((_, rest)) if is_http(&url) => {
            if rest.split('/').next().is_some_and(|of| of.contains('@')) {
                let instead =
                    "must hold no user and password: token_files names a file with a token";
                problems.push(format!("{place}: {instead}"));
            }
        }
        _ => problems.push(format!("{place}: must begin with http:// or https://")),
    }
    url.trim_end_matches('/').to_owned()
}

/// An address, or a file.
fn store(document: &Value, place: &str, problems: &mut Vec<String>) -> Option<String> {
    let store = text_at(document, place, problems)?;
    if store.contains("://") {
        return Some(address(store, place, problems));
    }
    is_file(&store, place, problems).then_some(store)
}

fn is_file(file: &str, place: &str, problems: &mut Vec<String>) -> bool {
    let is_one = Path::new(file).is_file();
    if !is_one {
        problems.push(format!("{place}: no file {file}"));
    }
    is_one
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
    fn every_problem_is_told_once_by_its_path() {
        let text = "service: ''\nurl: shop.example\nprobed_as: edge\nfire: maybe\nprometheus: 7\nalerts: x\n\
                    on_call: {primary: ann, boss: bob}\ntraces: jaeger:16686\nsampling: 10\n\
                    logs: ftp://a\nalertmanager: 'http://ann:hush@a/b'\n\
                    retention: {logs: long}\ntoken_files: {logs: none.txt, url: a}\n";
        let error = Plan::read(text, Path::new("")).unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
        let mut problems: Vec<_> = error.lines().collect();
        problems.sort_unstable();
        let expected = [
            "alertmanager: must hold no user and password: token_files names a file with a token",
            "alerts: unknown field",
            "fire: must be true or false",
            "logs: must begin with http:// or https://",
            "on_call.boss: unknown field",
            "probed_as: must begin with http:// or https://",
            "prometheus: must be text",
            "retention.logs: `long` is no duration",
            "sampling: must be above 0 and at most 1",
            "service: is required",
            "token_files.logs: no file none.txt",
            "token_files.url: unknown field",
            "traces: no file jaeger:16686",
            "url: must begin with http:// or https://",
        ];
        assert_eq!(problems.len(), expected.len(), "{error}");
        for (problem, expected) in problems.iter().zip(expected) {
            assert!(problem.starts_with(expected), "{problem}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_asked() {
        let text = "{service: edge, url: 'http://a/', prometheus: 'http://b'}";
        let plan = Plan::read(text, Path::new("")).unwrap();
        assert_eq!((plan.url.as_str(), plan.traces), ("http://a", None));
        assert_eq!(plan.probed_as, plan.url);
        assert!(!plan.fire);
        assert_eq!(plan.sampling, 0.1);
    }
}
