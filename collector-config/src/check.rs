//! A linter for Prometheus rule files: mistakes that `promtool check rules` lets
//! pass, each of which makes an alert that never fires, always fires, or says
//! something untrue. Text in, findings out.

mod average;
mod burn_rate;
mod counter;
mod document;
mod duty;
mod kept;
mod label;
mod percent;
pub(crate) mod promql;
mod proof;
mod registered;
pub mod runbook;
mod share;
mod vital;

use std::collections::BTreeSet;

use promql_parser::parser::{self, Expr};

use crate::known::Registry;
use document::Rule;
pub use label::unbounded;
pub use proof::Tests;

/// A text and the name it is told by.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user gave it.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The alert, or what is recorded.
    pub rule: String,
    /// Which check found it: one of [`CHECKS`], or one of runbooks.
    pub check: &'static str,
    /// What is wrong, and why that matters.
    pub message: String,
}

/// What the rules are checked against.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Metrics that are known.
    pub registry: Registry,
    /// Whether every other metric is a finding; else only unknown ones of ours are.
    pub is_strict: bool,
    /// Severities that Alertmanager routes.
    pub severities: Vec<String>,
    /// Names of the files in the folder of runbooks, where there is one.
    pub runbooks: Option<BTreeSet<String>>,
    /// Files of `promtool test rules`, where there are some.
    pub tests: Option<Vec<Source>>,
    /// Checks that are left out.
    pub skipped: Vec<String>,
}

/// Severities that are taken where nobody says which there are.
pub const SEVERITIES: [&str; 6] = ["page", "chat", "ticket", "critical", "warning", "info"];

impl Default for Settings {
    fn default() -> Self {
        Self {
            registry: Registry::built_in(),
            is_strict: false,
            severities: SEVERITIES.map(String::from).to_vec(),
            runbooks: None,
            tests: None,
            skipped: Vec::new(),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// All mistakes, sorted.
    pub findings: Vec<Finding>,
    /// Files that could not be read as what they were given as, and why.
    pub unreadable: Vec<String>,
}

/// What a check looks at.
struct Context<'a> {
    settings: &'a Settings,
    /// Every rule of every file.
    rules: &'a [Rule],
    /// Names that the rules record.
    recorded: BTreeSet<&'a str>,
    /// Histograms that the rules themselves show, by a `_bucket`.
    histograms: BTreeSet<String>,
    tests: proof::Tests,
}

impl<'a> Context<'a> {
    fn new(
        settings: &'a Settings,
        rules: &'a [Rule],
        histograms: BTreeSet<String>,
        tests: proof::Tests,
    ) -> Self {
        let recorded = rules.iter().filter(|rule| !rule.is_alert);
        Self {
            settings,
            rules,
            recorded: recorded.map(|rule| rule.name.as_str()).collect(),
            histograms,
            tests,
        }
    }
}

/// A line and a message.
type Found = Vec<(u64, String)>;

/// How a check looks.
enum Look {
    /// At an expression.
    Expr(fn(&Context, &Rule, &Expr) -> Found),
    /// At an alert and all others.
    Alert(fn(&Context, &Rule, &Expr) -> Found),
    /// While the file is read.
    Reading,
}

/// A check.
pub struct Check {
    /// Its name.
    pub id: &'static str,
    /// Why it is a mistake, in one sentence.
    pub why: &'static str,
    look: Look,
}

/// All checks.
pub const CHECKS: &[Check] = &[
    Check {
        id: "syntax",
        why: "An expression that does not parse keeps Prometheus from loading the file.",
        look: Look::Reading,
    },
    Check {
        id: "rules-in-alertmanager",
        why: "Alertmanager refuses rule groups, and Prometheus never sees them.",
        look: Look::Reading,
    },
    Check {
        id: "counter-raw",
        why: "A counter only grows: compared or averaged without rate() it tells how long the process runs.",
        look: Look::Expr(counter::raw),
    },
    Check {
        id: "rate-of-gauge",
        why: "rate() takes every fall of a gauge for a restart and makes up growth.",
        look: Look::Expr(counter::rate_of_gauge),
    },
    Check {
        id: "percent-of-non-ratio",
        why: "A rate, count or duration printed as a percentage, or a ratio 100 times off, misleads whoever is woken.",
        look: Look::Alert(percent::of_non_ratio),
    },
    Check {
        id: "burn-rate-unreachable",
        why: "A share of a whole is never above 1, so that a threshold of 1 or more never fires.",
        look: Look::Expr(burn_rate::unreachable),
    },
    Check {
        id: "burn-rate-one-window",
        why: "With one window a burn-rate alert either fires late or goes on long after the end; a short second window ends it.",
        look: Look::Alert(burn_rate::one_window),
    },
    Check {
        id: "fid",
        why: "First Input Delay is no Core Web Vital since March 2024, and browsers' libraries stopped sending it: INP took its place.",
        look: Look::Expr(vital::fid),
    },
    Check {
        id: "average-of-percentile",
        why: "Percentiles can't be averaged or summed; the result is no percentile of anything.",
        look: Look::Expr(average::of_percentile),
    },
    Check {
        id: "average-of-vital",
        why: "Web vitals are rated by their 75th percentile; a few slow views move an average far from it.",
        look: Look::Expr(vital::average),
    },
    Check {
        id: "high-cardinality-label",
        why: "A label with a value for each user, request or address makes a series for each of them.",
        look: Look::Expr(label::high_cardinality),
    },
    Check {
        id: "value-in-label",
        why: "A label that holds the value changes at every evaluation, which makes a new alert each time, and `for` never ends.",
        look: Look::Alert(label::value),
    },
    Check {
        id: "label-gone",
        why: "A text that prints a label which the expression aggregated away leaves a gap where the name should be.",
        look: Look::Alert(kept::gone),
    },
    Check {
        id: "unknown-metric",
        why: "What nobody measures has no series, and an alert on it never fires.",
        look: Look::Expr(registered::unknown_metric),
    },
    Check {
        id: "unknown-label",
        why: "A matcher on a label that the metric lacks matches nothing, and grouping by it gathers everything.",
        look: Look::Expr(registered::unknown_label),
    },
    Check {
        id: "le-not-a-bound",
        why: "A bucket exists only at the histogram's own bounds; any other `le` matches nothing.",
        look: Look::Expr(registered::not_a_bound),
    },
    Check {
        id: "missing-severity",
        why: "Without a severity nobody knows whom to wake.",
        look: Look::Alert(duty::missing_severity),
    },
    Check {
        id: "unknown-severity",
        why: "A severity that no route knows ends at the default receiver.",
        look: Look::Alert(duty::unknown_severity),
    },
    Check {
        id: "missing-runbook",
        why: "Whoever is woken at night needs the first three checks, not a search.",
        look: Look::Alert(duty::missing_runbook),
    },
    Check {
        id: "runbook-not-found",
        why: "A link to a page that is not there is found out in the incident.",
        look: Look::Alert(duty::runbook_not_found),
    },
    Check {
        id: "missing-summary",
        why: "A message without a sentence says nothing on a phone.",
        look: Look::Alert(duty::missing_summary),
    },
    Check {
        id: "missing-for",
        why: "An alert on a momentary value without `for` fires on one bad scrape.",
        look: Look::Alert(duty::missing_for),
    },
    Check {
        id: "rule-duplicate",
        why: "Alerts of one name and the same labels are one alert to Alertmanager, and resolve each other.",
        look: Look::Alert(duty::duplicate),
    },
    Check {
        id: "no-test",
        why: "An alert that was never seen to fire, and to keep quiet, is a guess.",
        look: Look::Alert(proof::no_test),
    },
];

/// Checks rule files, which count as one set.
pub fn run(sources: &[Source], settings: &Settings) -> Outcome {
    let mut outcome = Outcome::default();
    let mut rules = Vec::new();
    for source in sources {
        match document::read(source) {
            Ok(read) => {
                rules.extend(read.rules);
                outcome.findings.extend(read.findings);
            }
            Err(why) => outcome.unreadable.push(format!("{}: {why}", source.name)),
        }
    }
    let tests = proof::Tests::read(settings.tests.as_deref(), &mut outcome.unreadable);
    let mut parsed = Vec::new();
    for rule in &rules {
        match parse(rule) {
            Ok(expr) => parsed.push((rule, expr)),
            Err(finding) => outcome.findings.push(finding),
        }
    }
    let histograms = counter::histograms(parsed.iter().map(|(_, expr)| expr));
    let context = Context::new(settings, &rules, histograms, tests);
    for (rule, expr) in &parsed {
        outcome.findings.extend(look(&context, rule, expr));
    }
    outcome.findings.retain(|finding| {
        let is_skipped = settings
            .skipped
            .iter()
            .any(|skipped| skipped == finding.check);
        !is_skipped && !is_allowed(sources, &rules, finding)
    });
    outcome.findings.sort();
    outcome.findings.dedup();
    outcome
}

fn parse(rule: &Rule) -> Result<Expr, Finding> {
    parser::parse(&rule.text).map_err(|why| {
        let why = why.lines().next().unwrap_or_default();
        let message = format!("the expression does not parse: {why}");
        finding(rule, "syntax", (rule.expr_line, message))
    })
}

/// What all checks find in a rule.
fn look(context: &Context, rule: &Rule, expr: &Expr) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in CHECKS {
        let found = match check.look {
            Look::Expr(look) => look(context, rule, expr),
            Look::Alert(look) if rule.is_alert => look(context, rule, expr),
            Look::Alert(_) | Look::Reading => continue,
        };
        let found = found.into_iter();
        findings.extend(found.map(|found| finding(rule, check.id, found)));
    }
    findings
}

fn finding(rule: &Rule, check: &'static str, (line, message): (u64, String)) -> Finding {
    Finding {
        file: rule.file.clone(),
        line,
        rule: rule.name.clone(),
        check,
        message,
    }
}

/// Whether `# rulecheck: allow CHECK: REASON` stands within the rule, or right
/// above it. Without a reason it counts for nothing.
fn is_allowed(sources: &[Source], rules: &[Rule], finding: &Finding) -> bool {
    let of_file = || rules.iter().filter(|rule| rule.file == finding.file);
    let Some(source) = sources.iter().find(|source| source.name == finding.file) else {
        return false;
    };
    let reach = |rule: &Rule| rule.line.min(rule.expr_line);
    let begin = of_file()
        .map(reach)
        .filter(|line| *line <= finding.line)
        .max();
    let end = of_file()
        .map(reach)
        .filter(|line| *line > finding.line)
        .min();
    let allows = |line: &str| {
        line.trim()
            .strip_prefix("# rulecheck: allow ")
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(check, reason)| {
                check.trim() == finding.check && !reason.trim().is_empty()
            })
    };
    let lines: Vec<&str> = source.text.lines().collect();
    let first = begin.unwrap_or(1).saturating_sub(1) as usize;
    let last = end.map_or(lines.len(), |line| line.saturating_sub(1) as usize);
    let is_comment = |line: &&&str| line.trim().starts_with('#');
    let above = lines.iter().take(first).rev().take_while(is_comment);
    // Comments right above the next rule are that one's.
    let within = lines.get(first..last).unwrap_or_default();
    let next = within.iter().rev().take_while(is_comment).count();
    let next = if end.is_some() { next } else { 0 };
    let within = within.iter().take(within.len() - next);
    above.chain(within).any(|line| allows(line))
}

#[cfg(test)]
mod tests;
