//! Log records, of Loki or of the collector's file: whether they have ids, and no secrets.

use super::{Asked, Said, plan};
use crate::http::Client;
use crate::otlp::{self, Log};
use crate::prometheus::encode;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sightline_core::redact;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// So many records are looked at, the newest first.
const RECORDS: usize = 500;
const RECENT: Duration = Duration::from_secs(3600);
/// Of a file, where they are.
const RECENT_BYTES: u64 = 16 << 20;

pub fn told(asked: &Asked) -> Result<Said> {
    let Some(store) = Store::of(asked)? else {
        return Ok((None, "no `logs` to ask".to_owned()));
    };
    let service = &asked.plan.service;
    let since = Since::recent(store.address)?;
    let mut records = store.of_service(since, service, "")?;
    if records.is_empty() {
        return Ok((Some(false), format!("no log record of {service}")));
    }
    let own = records.len();
    let without = records.iter().filter(|record| !record.has_ids).count();
    // What others wrote of the request whose trace was looked for.
    if let Some(trace) = asked.trace.get() {
        let others = store.of_trace(since, trace)?.into_iter();
        records.extend(others.filter(|record| record.service != *service));
    }
    let secret = records
        .iter()
        .filter(|record| {
            let mut texts = record.texts.iter().map(|text| without_ids(text));
            texts.any(|text| redact::text(&text) != text)
        })
        .count();
    let found = format!(
        "{own} records, {without} without trace and request id, {secret} of {} with what looks secret",
        records.len()
    );
    Ok((Some(without == 0 && secret == 0), found))
}

/// A log record, as far as it is looked at.
pub struct Record {
    /// Who wrote it.
    pub service: String,
    has_ids: bool,
    /// Its body and its attributes that are no numbers.
    pub texts: Vec<String>,
}

/// From when on records are looked at.
#[derive(Clone, Copy)]
pub struct Since {
    bytes: u64,
    nanos: u128,
}

impl Since {
    pub fn now(store: &str) -> Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        Ok(Self {
            bytes: length(store),
            nanos: now.as_nanos(),
        })
    }

    fn recent(store: &str) -> Result<Self> {
        let now = Self::now(store)?;
        Ok(Self {
            bytes: now.bytes.saturating_sub(RECENT_BYTES),
            nanos: now.nanos.saturating_sub(RECENT.as_nanos()),
        })
    }
}

/// How long a file is; none for an address.
pub fn length(store: &str) -> u64 {
    std::fs::metadata(store).map_or(0, |file| file.len())
}

/// Where records are.
pub struct Store<'a> {
    client: Client,
    address: &'a str,
}

impl<'a> Store<'a> {
    pub fn of(asked: &'a Asked) -> Result<Option<Self>> {
        let client = asked.plan.client("logs")?;
        let address = asked.plan.logs.as_deref();
        Ok(address.map(|address| Self { client, address }))
    }

    /// Those of a service; of Loki those that pass this filter.
    pub fn of_service(&self, since: Since, service: &str, filter: &str) -> Result<Vec<Record>> {
        let query = format!("{{service_name={service:?}}}{filter}");
        self.records(since, &query, |log| log.service == service)
    }

    /// Those of a trace, whoever wrote them.
    pub fn of_trace(&self, since: Since, trace: &str) -> Result<Vec<Record>> {
        let query = format!("{{service_name=~\".+\"}} | trace_id=\"{trace}\"");
        self.records(since, &query, |log| log.trace_id == trace)
    }

    fn records(
        &self,
        since: Since,
        query: &str,
        is_wanted: impl Fn(&Log) -> bool,
    ) -> Result<Vec<Record>> {
        if plan::is_http(self.address) {
            return self.of_loki(since, query);
        }
        let mut logs = otlp::logs_after(Path::new(self.address), since.bytes)?;
        logs.retain(is_wanted);
        let newest = logs.into_iter().rev().take(RECORDS);
        Ok(newest.map(record).collect())
    }

    fn of_loki(&self, since: Since, query: &str) -> Result<Vec<Record>> {
        let (query, from) = (encode(query), since.nanos);
        let path = format!("/loki/api/v1/query_range?query={query}&limit={RECORDS}&start={from}");
        let url = format!("{}{path}", self.address);
        let answer = self.client.get(&url, &[])?;
        ensure!(answer.status == 200, "Loki answers {}", answer.status);
        let answer = answer.json()?;
        let streams = answer["data"]["result"].as_array();
        let mut records = Vec::new();
        for stream in streams.context("logs: no answer of Loki")? {
            // Structured metadata are among the labels.
            let labels = || stream["stream"].as_object().into_iter().flatten();
            let has_ids = labels().any(|(key, _)| key == "trace_id")
                && labels().any(|(key, _)| is_request_id(key));
            let texts: Vec<_> = labels().filter_map(searched).collect();
            for line in stream["values"].as_array().into_iter().flatten() {
                let mut texts = texts.clone();
                texts.extend(text(&line[1]));
                records.push(Record {
                    service: text(&stream["stream"]["service_name"]).unwrap_or_default(),
                    has_ids,
                    texts,
                });
            }
        }
        Ok(records)
    }
}

fn record(log: Log) -> Record {
    let has_request = log.attributes.keys().any(|key| is_request_id(key));
    let mut texts: Vec<_> = log.attributes.iter().filter_map(searched).collect();
    texts.push(log.body);
    Record {
        service: log.service,
        has_ids: has_request && !log.trace_id.is_empty(),
        texts,
    }
}

fn is_request_id(key: &str) -> bool {
    key.replace(['-', '_'], ".").contains("request.id")
}

/// What is searched for secrets, of an attribute or label.
fn searched((key, value): (&String, &Value)) -> Option<String> {
    text(value).filter(|text| !is_of_trace(key, text))
}

/// Whether this is a trace's or span's id: some are all digits, as cards' numbers are.
fn is_of_trace(key: &str, value: &str) -> bool {
    let key = key.replace(['-', '_', '.'], "").to_ascii_lowercase();
    let digits = [("traceid", 32), ("spanid", 16)]
        .into_iter()
        .find(|(name, _)| key.ends_with(name))
        .map(|(_, digits)| digits);
    digits == Some(value.len()) && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A text with a word for each UUID and id of a trace or span: some of their digits look like those
/// of a card.
fn without_ids(text: &str) -> String {
    let is_of_id = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    let is_id = |word: &str| {
        let digits = word.bytes().filter(u8::is_ascii_hexdigit).count();
        let has_letter = word.bytes().any(|byte| byte.is_ascii_alphabetic());
        digits >= 32 || digits == 16 && has_letter
    };
    let mut rest = text;
    let mut kept = String::new();
    while let Some(start) = rest.find(is_of_id) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|letter| !is_of_id(letter));
        let (word, after) = from.split_at(end.unwrap_or(from.len()));
        kept += before;
        kept += if is_id(word) { "id" } else { word };
        rest = after;
    }
    kept + rest
}

/// Numbers are no secrets, and some look like those of cards.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => Some(value.to_string()),
        _ => None,
    }
}
