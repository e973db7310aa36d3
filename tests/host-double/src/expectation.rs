//! What a case expects to see after a step.

use crate::case::STREAM;
use crate::host::{Host, Pairs};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;

/// All that is said must hold; what is not said may be anything. `*` in a
/// text stands for any text.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// Whether the request goes on, or the configuration was taken.
    goes_on: Option<bool>,
    /// All values of request headers as the upstream gets them; none: absent.
    request: BTreeMap<String, Vec<String>>,
    /// The same of response headers as the client gets them.
    response: BTreeMap<String, Vec<String>>,
    /// What the filter answered by itself.
    answer: Option<Answer>,
    /// A line of the proxy's log that this step wrote; none may come besides.
    log: Option<Vec<String>>,
    /// The line for the access log.
    line: Option<String>,
    /// Texts that the line must not hold.
    line_without: Vec<String>,
    /// Calls that wait, in order.
    calls: Option<Vec<Call>>,
    /// The proxy's statistics by name.
    statistics: BTreeMap<String, i64>,
    /// How often this step called these functions.
    host_calls: BTreeMap<String, usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u32,
    /// Lines of which each must match one of the body.
    #[serde(default)]
    body: Vec<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    cluster: String,
    path: String,
    /// Texts within its body, which is OTLP: protobuf keeps texts whole.
    #[serde(default)]
    body: Vec<String>,
}

impl Expectation {
    /// Says what is otherwise.
    pub fn check(&self, host: &Host, goes_on: Option<bool>, log_before: usize) -> Result<()> {
        if let Some(expected) = self.goes_on {
            ensure!(goes_on == Some(expected), "goes on: {goes_on:?}");
        }
        let stream = host.streams.get(&STREAM);
        for (kind, expected) in [("request", &self.request), ("response", &self.response)] {
            for (name, values) in expected {
                let stream = stream.context("no request")?;
                let pairs = if kind == "request" {
                    &stream.request
                } else {
                    &stream.response
                };
                same_values(values, &all_values(pairs, name))
                    .with_context(|| format!("{kind} header {name}"))?;
            }
        }
        if let Some(expected) = &self.answer {
            let answer = stream.and_then(|stream| stream.answer.as_ref());
            expected.check(answer.context("no answer of the filter's")?)?;
        }
        if let Some(expected) = &self.log {
            let lines = host.log.iter().skip(log_before);
            let lines: Vec<_> = lines.map(|(_, text)| text.clone()).collect();
            same_values(expected, &lines).context("log")?;
        }
        let line = stream.and_then(|stream| stream.properties.get("sightline_log"));
        let line = line
            .map(|line| String::from_utf8_lossy(line))
            .unwrap_or_default();
        if let Some(expected) = &self.line {
            ensure!(matches(expected, line.trim_end()), "line {line}");
        }
        for text in &self.line_without {
            ensure!(!line.contains(text), "line {line}");
        }
        if let Some(expected) = &self.calls {
            let paths: Vec<_> = host.calls.iter().map(|call| path(&call.headers)).collect();
            ensure!(expected.len() == paths.len(), "calls {paths:?}");
            for (expected, call) in expected.iter().zip(&host.calls) {
                expected.check(call)?;
            }
        }
        for (name, value) in &self.statistics {
            let known = host
                .statistics
                .iter()
                .filter(|(_, known, _)| matches(name, known));
            let sum: i64 = known.map(|(_, _, value)| value).sum();
            ensure!(sum == *value, "statistic {name} is {sum}");
        }
        for (name, times) in &self.host_calls {
            let seen = host
                .host_calls
                .iter()
                .filter(|call| call.name == *name)
                .count();
            ensure!(seen == *times, "{name} was called {seen} times");
        }
        Ok(())
    }
}

impl Answer {
    fn check(&self, answer: &crate::host::LocalAnswer) -> Result<()> {
        let body = String::from_utf8_lossy(&answer.body);
        ensure!(
            answer.status == self.status,
            "status {}: {body}",
            answer.status
        );
        for expected in &self.body {
            let found = body.lines().any(|line| matches(expected, line));
            ensure!(found, "no line {expected} in:\n{body}");
        }
        for (name, expected) in &self.headers {
            same_values(
                std::slice::from_ref(expected),
                &all_values(&answer.headers, name),
            )
            .with_context(|| format!("header {name}"))?;
        }
        Ok(())
    }
}

impl Call {
    fn check(&self, call: &crate::host::Call) -> Result<()> {
        let path = path(&call.headers);
        let is_it = (&call.cluster, &path) == (&self.cluster, &self.path);
        ensure!(is_it, "a call to {} {path}", call.cluster);
        for text in &self.body {
            let found = call
                .body
                .windows(text.len())
                .any(|bytes| bytes == text.as_bytes());
            ensure!(found, "no {text} in the call to {path}");
        }
        Ok(())
    }
}

fn path(headers: &Pairs) -> String {
    all_values(headers, ":path").concat()
}

fn all_values(pairs: &Pairs, name: &str) -> Vec<String> {
    let lines = pairs.iter().filter(|(known, _)| known == name.as_bytes());
    lines
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .collect()
}

fn same_values(expected: &[String], seen: &[String]) -> Result<()> {
    let fits = |(expected, seen): (&String, &String)| matches(expected, seen);
    if expected.len() != seen.len() || !expected.iter().zip(seen).all(fits) {
        bail!("expected {expected:?}, seen {seen:?}");
    }
    Ok(())
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<_> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [("a", "a"), ("a*", "a"), ("*b*", "abc"), ("a*c*e", "abcde")] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*b", "a"), ("*b", "bc"), ("ab*ba", "aba")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
