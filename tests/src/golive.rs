//! The checklist for a service that goes live, asked of what runs: each line passes,
//! fails, or can't be told, with what to do. `cargo xtask golive` is this.

mod metrics;
mod paths;
mod plan;
mod watch;

pub use plan::Plan;

use crate::http::Client;
use crate::prometheus::Api;
use anyhow::Result;
use std::fmt::{Display, Formatter};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Pass,
    /// It is not.
    Fail,
    /// What is asked did not answer, or nobody can ask it.
    CannotTell,
}

/// A line of the checklist, answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The line.
    pub line: &'static str,
    /// What became of it.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; empty where it passes.
    pub to_do: &'static str,
}

impl Display for Answer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let verdict = match self.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::CannotTell => "cannot tell",
        };
        write!(formatter, "{verdict:<11} {}: {}", self.line, self.found)?;
        if !self.to_do.is_empty() {
            write!(formatter, "\n            → {}", self.to_do)?;
        }
        Ok(())
    }
}

/// What the lines are asked of.
struct Asked<'a> {
    plan: &'a Plan,
    prometheus: Api,
    client: Client,
}

/// What a line's check says: whether it is so (none: nobody knows), and what it saw.
type Said = (Option<bool>, String);

/// A line, its check, and what to do where it is not so.
type Line = (&'static str, fn(&Asked) -> Result<Said>, &'static str);

const LINES: [Line; 13] = [
    (
        "metrics by route",
        metrics::by_route,
        "load the filter at the edge and name its routes: proxy-filter/README.md",
    ),
    (
        "labels bounded",
        metrics::bounded,
        "templates of routes for what is in the path; no ids of users, sessions or requests",
    ),
    (
        "logs with ids, without secrets",
        paths::logs,
        "logs.access: otlp at the edge; what looks secret is to be redacted where it is written",
    ),
    (
        "trace joined across layers",
        paths::trace,
        "pass traceparent on, and send spans to the collector",
    ),
    (
        "front-end vitals and errors",
        metrics::pages,
        "browser-sdk/npm/README.md: init with `metrics: true`, and the edge's `ingest`",
    ),
    (
        "live, ready and startup",
        paths::health,
        "the filter's `health`, left out of metrics and logs",
    ),
    (
        "alerts with runbook and test",
        watch::alerts,
        "load collector-config/rules; `cargo xtask check` demands both of each alert",
    ),
    (
        "receivers reached",
        watch::receivers,
        "set `fire: true`, or `cargo xtask fire --to ADDRESS`",
    ),
    (
        "dashboards with data",
        watch::dashboards,
        "each panel says what it needs",
    ),
    (
        "uptime and certificates probed",
        watch::probes,
        "collector-config/README.md, Uptime: blackbox_exporter and prometheus/targets",
    ),
    (
        "retention",
        watch::retention,
        "--storage.tsdb.retention.time=30d; say `retention: {logs: …, traces: …}` of the stores",
    ),
    (
        "sampling",
        metrics::sampling,
        "SIGHTLINE_KEEP_FROM says the share that the collector keeps",
    ),
    (
        "on-call named",
        watch::on_call,
        "say `on_call: {primary: …, secondary: …, manager: …}`; collector-config/on-call.md",
    ),
];

/// Asks every line, and tells each as soon as it is answered.
pub fn run(plan: &Plan, mut tell: impl FnMut(&Answer)) -> Vec<Answer> {
    let asked = Asked {
        plan,
        prometheus: Api::new(&plan.prometheus),
        client: Client::default(),
    };
    let answers = LINES.map(|(line, check, to_do)| {
        let (is_so, found) = check(&asked).unwrap_or_else(|error| (None, format!("{error:#}")));
        let verdict = match is_so {
            Some(true) => Verdict::Pass,
            Some(false) => Verdict::Fail,
            None => Verdict::CannotTell,
        };
        let answer = Answer {
            line,
            verdict,
            // A line of what is found.
            found: found.split('\n').next().unwrap_or_default().to_owned(),
            to_do: if verdict == Verdict::Pass { "" } else { to_do },
        };
        tell(&answer);
        answer
    });
    answers.to_vec()
}

impl Asked<'_> {
    /// The values of an instant query, with one label of each.
    fn values(&self, query: &str, label: &str) -> Result<Vec<(String, f64)>> {
        let found = self.prometheus.query(query)?.into_iter();
        Ok(found
            .map(|sample| (sample.label(label).to_owned(), sample.value))
            .collect())
    }

    /// The sum of an instant query; none where it returns nothing.
    fn sum(&self, query: &str) -> Result<Option<f64>> {
        let found = self.prometheus.query(query)?;
        Ok((!found.is_empty()).then(|| found.iter().map(|sample| sample.value).sum()))
    }
}
