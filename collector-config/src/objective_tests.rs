//! promtool's tests of the objectives' rules: for each pair of windows a share
//! of bad events that it must tell of and the slower ones too, one that none
//! may tell of, the same share of too few events, a budget that is used up, and
//! a service that falls silent.

use crate::burn_rate::BurnRate;
use crate::links::{DASHBOARD_URL, RUNBOOK_URL};
use crate::objective::{Document, Events, Objective};
use crate::objective_rules::{self, Bad};
use crate::rule_file::{Rule, RuleFile};
use anyhow::Result;
use std::fmt::Write;

const JOB: &str = "shop";
/// Events a minute: so many that every share below is a whole number of them.
const EVENTS: f64 = 1e6;
/// How long they go on.
const MINUTES: u32 = 240;

/// The tests of a document's rules.
pub fn tests(document: &Document, rules: &RuleFile) -> Result<String> {
    let mut text = "rule_files: [../rules/slo.yaml]\nevaluation_interval: 30s\ntests:\n".to_owned();
    let mut is_first_of_pages = true;
    for objective in &document.objectives {
        if objective.by_route || !objective.only.is_empty() {
            // Its series have labels that only its operator knows.
            continue;
        }
        let test = Test {
            objective,
            rules,
            rates: document.burn_rates(objective),
        };
        for at in 0..=test.rates.len() {
            test.burn(&mut text, at)?;
        }
        test.few(&mut text)?;
        test.exhausted(&mut text)?;
        // A day takes promtool long, and those of pages differ by their name.
        if !objective.is_of_pages() || std::mem::take(&mut is_first_of_pages) {
            test.silent(&mut text)?;
        }
    }
    Ok(text)
}

struct Test<'a> {
    objective: &'a Objective,
    rules: &'a RuleFile,
    rates: Vec<BurnRate>,
}

impl Test<'_> {
    /// A share above the threshold of the pair at this place, and below that of
    /// the one before; beyond the last pair, a share that all allow.
    fn burn(&self, text: &mut String, at: usize) -> Result<()> {
        let share = match (self.rates.get(at), self.rates.last()) {
            (Some(rate), _) => rate.factor * 1.1,
            (None, Some(last)) => last.factor * 0.9,
            (None, None) => return Ok(()),
        };
        let share = (share * self.objective.budget() * EVENTS).round() / EVENTS;
        let name = format!("{}BudgetBurn", self.objective.camel_case());
        self.begin(text, &format!("{share} bad"), share, EVENTS, MINUTES)?;
        let told = self.rates.get(at..).unwrap_or_default();
        let windows: Vec<_> = told
            .iter()
            .map(|rate| objective_rules::window(rate.long_minutes))
            .collect();
        let rules = self.alerts(&name).filter(|rule| {
            let window = rule.labels.get("window");
            window.is_some_and(|window| windows.contains(window))
        });
        let rules: Vec<_> = rules.collect();
        expect(text, "20m", &name, &rules, &percent(share))
    }

    /// Everything bad, but hardly anything at all.
    fn few(&self, text: &mut String) -> Result<()> {
        let name = format!("{}BudgetBurn", self.objective.camel_case());
        let least = f64::from(self.objective.min_events);
        // In twenty minutes nine tenths of what is asked for.
        let a_minute = least * 0.9 / 20.0;
        self.begin(text, "too few to tell", 1.0, a_minute, MINUTES)?;
        expect(text, "20m", &name, &[], "")
    }

    /// Half as much again as the budget has, for long enough.
    fn exhausted(&self, text: &mut String) -> Result<()> {
        let share = (self.objective.budget() * 1.5 * EVENTS).round() / EVENTS;
        self.begin(text, "the budget is used up", share, EVENTS, MINUTES)?;
        let name = "BudgetExhausted";
        for (time, fires) in [("50m", false), ("90m", true)] {
            let rules: Vec<_> = self.alerts(name).filter(|_| fires).collect();
            expect(text, time, name, &rules, "-50%")?;
        }
        Ok(())
    }

    /// Series that end, and after an hour nobody expects them any more.
    fn silent(&self, text: &mut String) -> Result<()> {
        self.begin(text, "silence", 0.0, EVENTS, 90)?;
        let name = "ObjectiveAbsent";
        // Of pages a day later, when people should come again.
        let times = match self.objective.is_of_pages() {
            true => [("160m", false), ("1520m", true), ("1620m", false)],
            false => [("85m", false), ("115m", true), ("180m", false)],
        };
        for (time, fires) in times {
            let rules: Vec<_> = self.alerts(name).filter(|_| fires).collect();
            expect(text, time, name, &rules, "")?;
        }
        Ok(())
    }

    fn begin(
        &self,
        text: &mut String,
        what: &str,
        share: f64,
        events: f64,
        minutes: u32,
    ) -> Result<()> {
        let (total, bad) = objective_rules::selectors(self.objective);
        let bad_events = events * share;
        let (other, a_minute) = match &bad {
            Bad::Counter(selector) => (selector, bad_events),
            Bad::AllBut(selector) => (selector, events - bad_events),
        };
        writeln!(text, "  - name: '{}: {what}'", self.objective.name)?;
        writeln!(text, "    interval: 1m\n    input_series:")?;
        // Of requests the bad ones are among all of them by their status.
        let is_part = matches!(self.objective.events, Events::Requests);
        let rest = if is_part { events - bad_events } else { events };
        for (selector, a_minute) in [(&total, rest), (other, a_minute)] {
            let series = series(selector);
            writeln!(
                text,
                "      - {{series: '{series}', values: '0+{a_minute}x{minutes}'}}"
            )?;
        }
        Ok(writeln!(text, "    alert_rule_test:")?)
    }

    fn alerts(&self, name: &str) -> impl Iterator<Item = &Rule> {
        let rules = self.rules.groups.iter().flat_map(|group| &group.rules);
        let own = rules.filter(|rule| rule.labels.get("objective") == Some(&self.objective.name));
        own.filter(move |rule| rule.alert.as_deref() == Some(name))
    }
}

/// A series that a selector matches.
fn series(selector: &str) -> String {
    let selector = selector.replace("=~\"5..\"", "=\"500\"");
    match selector.split_once('{') {
        Some((name, rest)) => format!("{name}{{job=\"{JOB}\",{rest}"),
        None => format!("{selector}{{job=\"{JOB}\"}}"),
    }
}

/// At this time, of this alert, these rules fire.
fn expect(text: &mut String, time: &str, name: &str, rules: &[&Rule], value: &str) -> Result<()> {
    writeln!(text, "      - eval_time: {time}\n        alertname: {name}")?;
    if rules.is_empty() {
        return Ok(writeln!(text, "        exp_alerts: []")?);
    }
    writeln!(text, "        exp_alerts:")?;
    for rule in rules {
        writeln!(text, "          - exp_labels:")?;
        writeln!(text, "              job: {JOB}")?;
        for (name, value) in &rule.labels {
            writeln!(text, "              {name}: {value}")?;
        }
        writeln!(text, "            exp_annotations:")?;
        for name in [DASHBOARD_URL, RUNBOOK_URL] {
            writeln!(text, "              {name}: {}", rule.annotations[name])?;
        }
        let summary = rule.annotations["summary"]
            .replace("{{ $labels.job }}", JOB)
            .replace("{{ $value | humanizePercentage }}", value);
        writeln!(text, "              summary: '{summary}'")?;
    }
    Ok(())
}

/// As Prometheus writes a share: four digits.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let before = percent.log10().floor() as i32 + 1;
    let digits = usize::try_from(4 - before).unwrap_or_default();
    let text = format!("{percent:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_as_prometheus_does() {
        for (share, expected) in [
            (0.01584, "1.584%"),
            (0.5, "50%"),
            (0.0009, "0.09%"),
            (0.79199999, "79.2%"),
            (0.00001234567, "0.001235%"),
        ] {
            assert_eq!(percent(share), expected);
        }
    }
}
