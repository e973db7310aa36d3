//! Whether alerts were seen to fire: the tests of `promtool test rules`.

use std::collections::BTreeSet;

use promql_parser::parser::Expr;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::document::Rule;
use super::duty::is_heartbeat;
use super::{Context, Found, Source};

#[derive(Deserialize)]
struct TestFile {
    tests: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    alert_rule_test: Option<Vec<Case>>,
}

#[derive(Deserialize)]
struct Case {
    alertname: String,
    exp_alerts: Option<Vec<IgnoredAny>>,
}

/// Alerts that tests expect, and expect not.
#[derive(Default)]
pub struct Tests {
    is_given: bool,
    firing: BTreeSet<String>,
    quiet: BTreeSet<String>,
}

impl Tests {
    /// Reads the test files.
    pub fn read(sources: Option<&[Source]>, unreadable: &mut Vec<String>) -> Self {
        let mut tests = Self {
            is_given: sources.is_some(),
            ..Self::default()
        };
        for source in sources.unwrap_or_default() {
            let file: TestFile = match serde_saphyr::from_str(&source.text) {
                Ok(file) => file,
                Err(_) => {
                    let why = "not a test file of promtool: no `tests` in it";
                    unreadable.push(format!("{}: {why}", source.name));
                    continue;
                }
            };
            let cases = file
                .tests
                .into_iter()
                .filter_map(|group| group.alert_rule_test);
            for case in cases.flatten() {
                let fires = case.exp_alerts.is_some_and(|alerts| !alerts.is_empty());
                let seen = if fires {
                    &mut tests.firing
                } else {
                    &mut tests.quiet
                };
                seen.insert(case.alertname);
            }
        }
        tests
    }

    /// Whether one of them sees this alert fire.
    pub fn see_firing(&self, alert: &str) -> bool {
        self.firing.contains(alert)
    }
}

/// Finds alerts that no test sees fire, or that no test sees keep quiet.
pub fn no_test(context: &Context, rule: &Rule, expr: &Expr) -> Found {
    let tests = &context.tests;
    if !tests.is_given {
        return Vec::new();
    }
    let missing = match (
        tests.see_firing(&rule.name),
        // A heartbeat never is.
        tests.quiet.contains(&rule.name) || is_heartbeat(expr),
    ) {
        (true, true) => return Vec::new(),
        (false, true) => "no test sees it fire",
        (true, false) => "no test sees it keep quiet",
        (false, false) => "no test sees it fire, and none keep quiet",
    };
    vec![(rule.line, missing.to_owned())]
}
