//! The rules of the objectives. For each, two numbers are recorded: how many
//! events the last minutes had, and how many bad ones. Everything else, over
//! however long a window, is made by adding these up. So every event counts
//! alike, however the traffic rises and falls, and a window of a month reads two
//! series rather than all that they are made of.

use crate::burn_rate::BurnRate;
use crate::duration;
use crate::links;
use crate::objective::{Document, Events, Objective};
use crate::rule_file::{Group, Rule, RuleFile};
use crate::severity::Severity;
use anyhow::Result;
use sightline_core::metric;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const INTERVAL: &str = "30s";
/// The window of the two numbers.
const BASE: &str = "5m";
/// So many times an event is in one of the recorded numbers: the window by the
/// interval.
pub(crate) const TIMES_RECORDED: u32 = 10;
/// Recorded: how many events the last minutes had.
pub(crate) const EVENTS: &str = "objective:events:increase5m";
/// Recorded: how many of them were bad.
pub(crate) const BAD_EVENTS: &str = "objective:bad_events:increase5m";
/// Recorded: the share of events that may be bad.
pub(crate) const BUDGET: &str = "objective:budget:ratio";
/// Recorded: the share of the budget that is left.
pub(crate) const BUDGET_REMAINING: &str = "objective:budget_remaining:ratio";

/// The rules of a document.
pub fn rules(document: &Document) -> Result<RuleFile> {
    let groups = document.objectives.iter();
    let mut file = RuleFile {
        groups: groups.map(|objective| group(objective, document)).collect(),
    };
    links::add(&mut file, &document.links)?;
    Ok(file)
}

fn group(objective: &Objective, document: &Document) -> Group {
    let days = document.period_days();
    let rates = document.burn_rates(objective);
    let mut rules = base(objective).to_vec();
    let windows: BTreeSet<u32> = rates
        .iter()
        .flat_map(|rate| [rate.short_minutes, rate.long_minutes])
        .collect();
    rules.extend(windows.iter().map(|window| ratio(objective, *window)));
    rules.extend(budget(objective, days));
    rules.extend(rates.iter().map(|rate| burn(objective, rate)));
    rules.push(exhausted(objective, days));
    rules.push(absent(objective));
    Group {
        name: format!("objective-{}", objective.name),
        interval: Some(INTERVAL.into()),
        limit: None,
        rules,
    }
}

fn record(objective: &Objective, name: &str, expr: String) -> Rule {
    let label = ("objective".to_owned(), objective.name.clone());
    Rule {
        record: Some(name.to_owned()),
        alert: None,
        expr: expr.into(),
        hold: None,
        keep_firing_for: None,
        labels: BTreeMap::from([label]),
        annotations: BTreeMap::new(),
    }
}

/// The two numbers. Where nothing is bad yet there is no series of bad events, and
/// a ratio of nothing would hide that all is well.
fn base(objective: &Objective) -> [Rule; 2] {
    let by = objective.labels();
    let (total, bad) = selectors(objective);
    let increase = |selector: &str| format!("sum by ({by}) (increase({selector}[{BASE}]))");
    let events = increase(&total);
    let bad = match bad {
        Bad::Counter(selector) => format!("{}\nor 0 * {events}", increase(&selector)),
        // Each is extrapolated by itself, which can leave a little less than none.
        Bad::AllBut(good) => format!("clamp_min(\n{events}\n- {}, 0)", increase(&good)),
    };
    [
        record(objective, EVENTS, events),
        record(objective, BAD_EVENTS, bad),
    ]
}

/// Which events are bad.
pub(crate) enum Bad {
    /// Those of these series.
    Counter(String),
    /// Those that are not of these.
    AllBut(String),
}

/// Series of all events and of the bad ones.
pub(crate) fn selectors(objective: &Objective) -> (String, Bad) {
    let series = |name: &str, more: &str| {
        let matchers = [more, objective.only.as_str()];
        let matchers: Vec<_> = matchers
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        match matchers.is_empty() {
            true => name.to_owned(),
            false => format!("{name}{{{}}}", matchers.join(",")),
        }
    };
    let within = |histogram: &str, bound: &str| {
        let good = series(&format!("{histogram}_bucket"), &format!("le=\"{bound}\""));
        (series(&format!("{histogram}_count"), ""), Bad::AllBut(good))
    };
    match &objective.events {
        Events::Requests => {
            let name = metric::HTTP_REQUESTS.name;
            let bad = series(name, "status_code=~\"5..\"");
            (series(name, ""), Bad::Counter(bad))
        }
        Events::RequestsWithin(seconds) => {
            within(metric::HTTP_REQUEST_DURATION.name, &seconds.to_string())
        }
        Events::WebVital(vital) => {
            let vital = vital.rated();
            within(vital.metric.name, &vital.good.to_string())
        }
        Events::Views => {
            let bad = series(metric::BROWSER_EXCEPTIONS.name, "");
            (series(metric::BROWSER_VIEWS.name, ""), Bad::Counter(bad))
        }
        Events::Counters { total, bad } => (total.clone(), Bad::Counter(bad.clone())),
    }
}

/// `90` is `1h30m`.
pub(crate) fn window(minutes: u32) -> String {
    duration::text(Duration::from_secs(u64::from(minutes) * 60))
}

fn of(objective: &Objective, name: &str) -> String {
    format!("{name}{{objective=\"{}\"}}", objective.name)
}

pub(crate) fn ratio_name(minutes: u32) -> String {
    format!("objective:bad_events:ratio{}", window(minutes))
}

/// The share of bad events in a window; nothing where there were no events, which NaN
/// would be.
fn ratio(objective: &Objective, minutes: u32) -> Rule {
    let window = window(minutes);
    let (bad, all) = (of(objective, BAD_EVENTS), of(objective, EVENTS));
    let expr = if window == BASE {
        format!("{bad} / ({all} > 0)")
    } else {
        format!("sum_over_time({bad}[{window}]) / (sum_over_time({all}[{window}]) > 0)")
    };
    record(objective, &ratio_name(minutes), expr)
}

/// That a window has enough events to tell anything.
fn enough(objective: &Objective, minutes: u32) -> String {
    let (all, window) = (of(objective, EVENTS), window(minutes));
    let least = objective.min_events;
    format!("sum_over_time({all}[{window}]) / {TIMES_RECORDED} >= {least}")
}

fn budget(objective: &Objective, days: u32) -> [Rule; 3] {
    let minutes = days * 24 * 60;
    let spent = format!(
        "1 - {} / {}",
        of(objective, &ratio_name(minutes)),
        objective.budget()
    );
    [
        record(objective, BUDGET, format!("vector({})", objective.budget())),
        ratio(objective, minutes),
        record(objective, BUDGET_REMAINING, spent),
    ]
}

fn alert(objective: &Objective, name: String, hold: &str, severity: &str, expr: String) -> Rule {
    let labels = [
        ("component", "slo"),
        ("objective", objective.name.as_str()),
        ("severity", severity),
    ];
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let dashboard = (links::DASHBOARD, objective.dashboard.as_str());
    Rule {
        record: None,
        alert: Some(name),
        expr: expr.into(),
        hold: Some(hold.to_owned()),
        keep_firing_for: None,
        labels: labels.into_iter().map(own).collect(),
        annotations: BTreeMap::from([own(dashboard)]),
    }
}

fn subject(objective: &Objective) -> &'static str {
    match (objective.by_route, objective.is_of_pages()) {
        (false, _) => "{{ $labels.job }}",
        (true, false) => "{{ $labels.job }} {{ $labels.endpoint }}",
        (true, true) => "{{ $labels.job }} {{ $labels.url_template }}",
    }
}

fn burn(objective: &Objective, rate: &BurnRate) -> Rule {
    let threshold = format!("{} * {}", rounded(rate.factor), objective.budget());
    let above = |minutes| format!("{} > {threshold}", of(objective, &ratio_name(minutes)));
    let expr = format!(
        "{}\nand {}\nand {}",
        above(rate.long_minutes),
        above(rate.short_minutes),
        enough(objective, rate.long_minutes),
    );
    let severity = rate.severity.text();
    let name = format!("{}BudgetBurn", objective.camel_case());
    let mut rule = alert(objective, name, "1m", severity, expr);
    let long = window(rate.long_minutes);
    rule.labels.insert("window".into(), long.clone());
    let summary = format!(
        "{}: {{{{ $value | humanizePercentage }}}} bad in {long}, {} times what {} % allow",
        subject(objective),
        rounded(rate.factor),
        objective.target_percent,
    );
    rule.annotations.insert("summary".into(), summary);
    rule
}

fn exhausted(objective: &Objective, days: u32) -> Rule {
    let expr = format!(
        "{} < 0\nand {}",
        of(objective, BUDGET_REMAINING),
        enough(objective, days * 24 * 60),
    );
    let mut rule = alert(objective, "BudgetExhausted".into(), "1h", "ticket", expr);
    let summary = format!(
        "{}: the {} budget of {days} days is used up, {{{{ $value | humanizePercentage }}}} remain",
        subject(objective),
        objective.name,
    );
    rule.annotations.insert("summary".into(), summary);
    rule
}

/// A metric that is gone reads as healthy everywhere else.
fn absent(objective: &Objective) -> Rule {
    let (all, by) = (of(objective, EVENTS), objective.labels());
    let expr = if objective.is_of_pages() {
        // Nothing repeats what pages told, and at night nobody may come.
        let least = objective.min_events;
        format!(
            "sum_over_time({all}[1h] offset 1d) / {TIMES_RECORDED} >= {least}\n\
             unless on ({by}) sum_over_time({all}[1h]) > 0"
        )
    } else {
        format!("count by ({by}) ({all} offset 1h) unless on ({by}) {all}")
    };
    let severity = objective.severity.at_most(Severity::Chat);
    let name = "ObjectiveAbsent".to_owned();
    let mut rule = alert(objective, name, "10m", severity.text(), expr);
    // Silent where it is known why nothing arrives.
    rule.labels.insert("fires_on".into(), "no_data".into());
    let before = match objective.is_of_pages() {
        true => "at this time yesterday",
        false => "an hour ago",
    };
    let summary = format!(
        "{}: nothing tells of {} any more; {before} something did",
        subject(objective),
        objective.name
    );
    rule.annotations.insert("summary".into(), summary);
    rule
}

/// Without a tail of binary digits.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}
