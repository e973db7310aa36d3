//! `slo.yaml`: what is promised. The document as it is written, and the
//! objectives that it comes to: valid, or refused with every problem by its path.

use crate::burn_rate::{BurnRate, burn_rates};
use crate::duration;
use crate::links::Links;
use crate::severity::Severity;
use anyhow::{Context, Result, bail};
use promql_parser::parser::{Expr, parse as parse_promql};
use serde::Deserialize;
use sightline_core::dashboard;
use sightline_core::histogram::SECONDS_BOUNDS;
use sightline_core::web_vital;

/// The document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Where alerts lead.
    pub links: Links,
    /// Over how long a budget reaches, in whole days: `30d`.
    pub period: String,
    /// The objectives.
    pub objectives: Vec<Objective>,
}

/// An objective.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Lower-case words with hyphens; the alerts' names are made of it.
    pub name: String,
    /// The share of events that is to be good, in percent: above 0, below 100.
    pub target_percent: f64,
    /// What is an event, and which are bad.
    pub events: Events,
    /// Label matchers that narrow it, such as `endpoint="/checkout"`.
    #[serde(default)]
    pub only: String,
    /// By route too, beside by service.
    #[serde(default)]
    pub by_route: bool,
    /// So many events the long window must have: a few tell nothing.
    pub min_events: u32,
    /// The loudest that its alerts may be.
    #[serde(default)]
    pub severity: Severity,
    /// A dashboard's uid.
    pub dashboard: String,
}

/// What an objective counts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Events {
    /// Requests at the edge; those answered with 500 or more are bad. A client
    /// that goes before the answer is none of the service's failures.
    Requests,
    /// Requests at the edge; those that take longer than so many seconds, a
    /// bound of the histogram, are bad.
    RequestsWithin(f64),
    /// Page views with this vital; those beyond its `good` are bad.
    WebVital(WebVital),
    /// Page views; each error that a page tells is a bad one. A page tells an
    /// error once, and two different ones are two.
    Views,
    /// Counters of one's own; `only` does not apply.
    Counters {
        /// Series of all events, such as `jobs_total{queue="mail"}`.
        total: String,
        /// The bad ones among them.
        bad: String,
    },
}

/// A Core Web Vital.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebVital {
    /// Largest Contentful Paint.
    Lcp,
    /// Interaction to Next Paint.
    Inp,
    /// Cumulative Layout Shift.
    Cls,
}

impl WebVital {
    /// Its metric, and what is good.
    pub fn rated(self) -> &'static web_vital::WebVital {
        match self {
            Self::Lcp => &web_vital::LCP,
            Self::Inp => &web_vital::INP,
            Self::Cls => &web_vital::CLS,
        }
    }
}

impl Objective {
    /// The share of events that may be bad.
    pub fn budget(&self) -> f64 {
        // As a decimal number: 1 − 0.999 is not 0.001.
        let share = (100.0 - self.target_percent) / 100.0;
        (share * 1e9).round() / 1e9
    }

    /// The labels that it is kept by.
    pub fn labels(&self) -> &'static str {
        match (self.by_route, self.is_of_pages()) {
            (false, _) => "job",
            (true, false) => "job, endpoint",
            (true, true) => "job, url_template",
        }
    }

    /// Whether pages tell of it, and not the edge.
    pub fn is_of_pages(&self) -> bool {
        matches!(self.events, Events::WebVital(_) | Events::Views)
    }

    /// Its name in the names of alerts: `error-free-views` is `ErrorFreeViews`.
    pub fn camel_case(&self) -> String {
        let words = self.name.split('-').map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        });
        words.collect()
    }
}

impl Document {
    /// Reads and checks one.
    pub fn parse(text: &str) -> Result<Self> {
        let document: Self = serde_saphyr::from_str(text).context("slo.yaml")?;
        let problems = document.problems();
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        Ok(document)
    }

    /// The period in days.
    pub fn period_days(&self) -> u32 {
        let period = duration::parse(&self.period).unwrap_or_default();
        u32::try_from(period.as_secs() / 86400).unwrap_or_default()
    }

    /// How fast an objective's budget may burn.
    pub fn burn_rates(&self, objective: &Objective) -> Vec<BurnRate> {
        burn_rates(objective.budget(), self.period_days(), objective.severity)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !(7..=90).contains(&self.period_days()) {
            let is = &self.period;
            problems.push(format!("period: must be 7d to 90d, is `{is}`"));
        }
        for (at, objective) in self.objectives.iter().enumerate() {
            let mut add = |path: &str, what: String| {
                problems.push(format!("objectives[{at}].{path}: {what}"));
            };
            let name = &objective.name;
            if self.objectives[..at]
                .iter()
                .any(|other| other.name == *name)
            {
                add("name", format!("`{name}` is there twice"));
            }
            let is_word = |word: &str| {
                !word.is_empty()
                    && word
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            };
            if !name.split('-').all(is_word) {
                add(
                    "name",
                    format!("must be lower-case words with hyphens, is `{name}`"),
                );
            }
            let target = objective.target_percent;
            if !(target > 0.0 && target < 100.0) {
                add(
                    "target_percent",
                    format!("must be above 0 and below 100, is {target}"),
                );
            }
            if let Events::RequestsWithin(seconds) = &objective.events
                && !SECONDS_BOUNDS.contains(seconds)
            {
                let what = format!("must be one of {SECONDS_BOUNDS:?}, is {seconds}");
                add("events.requests_within", what);
            }
            if let Events::Counters { total, bad } = &objective.events {
                for (field, text) in [("total", total), ("bad", bad)] {
                    if !matches!(parse_promql(text), Ok(Expr::VectorSelector(_))) {
                        let what = format!("must name a counter's series, is `{text}`");
                        add(&format!("events.counters.{field}"), what);
                    }
                }
            }
            if let Err(why) = parse_promql(&format!("x{{{}}}", objective.only)) {
                add("only", format!("no label matchers: {why}"));
            }
            let uid = &objective.dashboard;
            if !dashboard::is_known(uid) {
                add("dashboard", format!("there is no `{uid}`"));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
links: {runbooks: https://books.example, dashboards: https://boards.example}
period: 30d
objectives:
  - name: fast-enough
    target_percent: 99.9
    events: {requests_within: 0.5}
    min_events: 100
    dashboard: sightline-slo
";

    #[test]
    fn a_good_document_is_taken() {
        let document = Document::parse(GOOD).unwrap();
        let objective = &document.objectives[0];
        assert_eq!(objective.budget(), 0.001);
        assert_eq!(objective.camel_case(), "FastEnough");
        assert_eq!(objective.severity, Severity::Page);
    }

    #[test]
    fn every_problem_is_told_by_its_path() {
        let bad = GOOD
            .replace("30d", "1d")
            .replace("fast-enough", "Fast_enough")
            .replace("99.9", "100")
            .replace("0.5", "0.2")
            .replace("min_events", "only: 'a=b'\n    min_events")
            .replace("sightline-slo", "slo");
        let problems = Document::parse(&bad).unwrap_err().to_string();
        let paths: Vec<_> = problems
            .lines()
            .map(|line| line.split(": ").next().unwrap())
            .collect();
        let of = |field: &str| format!("objectives[0].{field}");
        let expected = [
            "period".to_owned(),
            of("name"),
            of("target_percent"),
            of("events.requests_within"),
            of("only"),
            of("dashboard"),
        ];
        assert_eq!(paths, expected, "{problems}");
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let error = Document::parse(&GOOD.replace("min_events", "min_evnts")).unwrap_err();
        assert!(format!("{error:#}").contains("min_evnts"), "{error:#}");
    }
}
