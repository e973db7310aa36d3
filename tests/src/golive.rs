//! The checklist for a service that goes live, asked of what runs: each line passes,
//! fails, or can't be told, with what to do. `cargo xtask golive` is this.

mod alerts;
mod dashboards;
mod health;
mod logs;
mod metrics;
mod plan;
#[cfg(test)]
mod tests;
mod trace;
mod watch;

pub use plan::Plan;

use crate::http::{self, Client};
use crate::prometheus::Api;
use anyhow::{Result, anyhow};
use std::cell::OnceCell;
use std::fmt::{Display, Formatter};
use std::time::Duration;

/// Between two looks at a store.
const PAUSE: Duration = Duration::from_millis(500);

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
    prometheus: Result<Api>,
    client: Client,
    /// The trace of the request that was made to see it joined.
    trace: OnceCell<String>,
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
        "trace joined across layers",
        trace::joined,
        "pass traceparent on, and send spans to the collector",
    ),
    (
        "logs with ids, without secrets",
        logs::told,
        "logs.access: otlp at the edge; what looks secret is to be redacted where it is written",
    ),
    (
        "front-end vitals and errors",
        metrics::pages,
        "browser-sdk/npm/README.md: init with `metrics: true`, and the edge's `ingest`; say `pages: JOB`",
    ),
    (
        "live, ready and startup",
        health::answers,
        "the filter's `health`, left out of metrics and logs",
    ),
    (
        "alerts with runbook and test",
        alerts::told,
        "load collector-config/rules, and serve collector-config/runbooks where `links.runbooks` of slo.yaml leads; `cargo xtask check` demands a test of each alert",
    ),
    (
        "receivers reached",
        watch::receivers,
        "set `fire: true`, or `cargo xtask fire --to ADDRESS`",
    ),
    (
        "dashboards with data",
        dashboards::filled,
        "each panel says what it needs; say `pages: JOB` where there are some",
    ),
    (
        "uptime and certificates probed",
        watch::probes,
        "collector-config/README.md, Uptime: blackbox_exporter and prometheus/targets; say `probed_as: URL` where probes call the service otherwise",
    ),
    (
        "retention",
        watch::retention,
        "30d of metrics (--storage.tsdb.retention.time, and no retention.size), 7d of logs, 3d of traces; say `retention: {logs: …, traces: …}`",
    ),
    (
        "sampling",
        metrics::sampling,
        "SIGHTLINE_KEEP_FROM is where the collector's share begins; say which you want as `sampling`",
    ),
    (
        "on-call named",
        watch::on_call,
        "say `on_call: {primary: …, secondary: …, manager: …}`; collector-config/on-call.md",
    ),
];

/// Asks every line, and tells each as soon as it is answered.
pub fn run(plan: &Plan, mut tell: impl FnMut(&Answer)) -> Vec<Answer> {
    let asked = Asked::new(plan);
    let answers = LINES.map(|line| {
        let answer = asked.answer(line);
        tell(&answer);
        answer
    });
    answers.to_vec()
}

/// A Prometheus that answers: one that does not is waited for once, not by every line.
fn prometheus(plan: &Plan) -> Result<Api> {
    let api = Api::with(&plan.prometheus, plan.client("prometheus")?);
    api.query("vector(1)")?;
    Ok(api)
}

impl<'a> Asked<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            prometheus: prometheus(plan),
            client: Client::default(),
            trace: OnceCell::new(),
        }
    }

    fn answer(&self, (line, check, to_do): Line) -> Answer {
        let (is_so, found) = check(self).unwrap_or_else(|error| (None, format!("{error:#}")));
        let verdict = match is_so {
            Some(true) => Verdict::Pass,
            Some(false) => Verdict::Fail,
            None => Verdict::CannotTell,
        };
        Answer {
            line,
            verdict,
            // A line of what is found.
            found: found.split('\n').next().unwrap_or_default().to_owned(),
            to_do: if verdict == Verdict::Pass { "" } else { to_do },
        }
    }

    fn prometheus(&self) -> Result<&Api> {
        let api = self.prometheus.as_ref();
        api.map_err(|error| anyhow!("{error:#}"))
    }

    /// The values of an instant query, with one label of each.
    fn values(&self, query: &str, label: &str) -> Result<Vec<(String, f64)>> {
        let found = self.prometheus()?.query(query)?.into_iter();
        Ok(found
            .map(|sample| (sample.label(label).to_owned(), sample.value))
            .collect())
    }

    /// The sum of an instant query; none where it returns nothing.
    fn sum(&self, query: &str) -> Result<Option<f64>> {
        let found = self.prometheus()?.query(query)?;
        Ok((!found.is_empty()).then(|| found.iter().map(|sample| sample.value).sum()))
    }

    /// A visitor's request. Where it is not answered, the service fails.
    fn visit(&self, path: &str, headers: &[(&str, &str)]) -> Result<http::Answer, Said> {
        let url = format!("{}{path}", self.plan.url);
        let answer = self.client.get(&url, headers);
        answer.map_err(|error| (Some(false), format!("{error:#}")))
    }
}
