//! What the person on duty needs of an alert: whom it wakes, what it says, where
//! to begin.

use promql_parser::parser::Expr;

use super::document::Rule;
use super::promql::{all, name, selectors};
use super::{Context, Found};

fn at_name(rule: &Rule, message: &str) -> Found {
    vec![(rule.line, message.to_owned())]
}

fn text<'a>(rule: &'a Rule, keys: &[&str]) -> Option<&'a (u64, String)> {
    let given = keys.iter().filter_map(|key| rule.annotations.get(*key));
    given.into_iter().find(|(_, text)| !text.trim().is_empty())
}

/// An alert that every server fires all the time, to prove that alerts arrive.
pub fn is_heartbeat(expr: &Expr) -> bool {
    selectors(expr).is_empty()
}

/// Finds alerts without a severity.
pub fn missing_severity(_: &Context, rule: &Rule, _: &Expr) -> Found {
    if rule.labels.contains_key("severity") {
        return Vec::new();
    }
    at_name(rule, "no label `severity`: nobody knows whom to wake")
}

/// Finds severities that nobody routes.
pub fn unknown_severity(context: &Context, rule: &Rule, expr: &Expr) -> Found {
    let known = &context.settings.severities;
    let Some((line, severity)) = rule.labels.get("severity") else {
        return Vec::new();
    };
    // What wakes nobody carries a severity of its own: "none", "heartbeat".
    let is_silent = is_heartbeat(expr) || (severity == "none" && is_about_alerts(expr));
    if known.contains(severity) || severity.contains("{{") || is_silent {
        return Vec::new();
    }
    let message = format!("severity `{severity}` is none of {}", known.join(", "));
    vec![(*line, message)]
}

fn is_about_alerts(expr: &Expr) -> bool {
    let selectors = selectors(expr);
    !selectors.is_empty() && selectors.into_iter().all(|s| name(s) == Some("ALERTS"))
}

/// Finds alerts without a page to go to.
pub fn missing_runbook(_: &Context, rule: &Rule, _: &Expr) -> Found {
    if text(rule, &["runbook_url", "runbook"]).is_some() {
        return Vec::new();
    }
    at_name(
        rule,
        "no annotation `runbook_url`: where does whoever is woken begin?",
    )
}

/// Finds links to pages that are not in the folder.
pub fn runbook_not_found(context: &Context, rule: &Rule, _: &Expr) -> Found {
    let (Some(pages), Some((line, url))) = (
        &context.settings.runbooks,
        text(rule, &["runbook_url", "runbook"]),
    ) else {
        return Vec::new();
    };
    let path = url.split(['#', '?']).next().unwrap_or_default();
    let page = path.trim_end_matches('/').rsplit('/').next();
    let page = page.unwrap_or_default();
    if pages.contains(page) || pages.contains(&format!("{page}.md")) {
        return Vec::new();
    }
    vec![(
        *line,
        format!("no runbook `{page}` in the folder of runbooks"),
    )]
}

/// Finds alerts without a sentence.
pub fn missing_summary(_: &Context, rule: &Rule, _: &Expr) -> Found {
    if text(rule, &["summary", "message"]).is_some() {
        return Vec::new();
    }
    at_name(
        rule,
        "no annotation `summary`: what happened, in one sentence?",
    )
}

/// An age, or the time that is left: it moves with the clock, not with a scrape.
fn is_of_calendar(expr: &Expr) -> bool {
    let has_clock = all(expr)
        .iter()
        .any(|inner| matches!(inner, Expr::Call(call) if call.func.name == "time"));
    let is_left = |name: &str| name.contains("expir") || name.ends_with("_ttl_seconds");
    has_clock || selectors(expr).into_iter().filter_map(name).any(is_left)
}

/// Finds alerts on momentary values that fire at once.
pub fn missing_for(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let is_zero = rule.hold.chars().all(|c| !c.is_ascii_digit() || c == '0');
    let has_window = all(expr)
        .iter()
        .any(|inner| matches!(inner, Expr::MatrixSelector(_) | Expr::Subquery(_)));
    let is_recorded = selectors(expr)
        .iter()
        .any(|selector| name(selector).is_some_and(|name| name.contains(':')));
    let is_momentary = !has_window
        && !is_recorded
        && !is_of_calendar(expr)
        && !is_heartbeat(expr)
        && !is_about_alerts(expr);
    if is_zero && is_momentary {
        return at_name(rule, "no `for`: one bad scrape fires it");
    }
    Vec::new()
}

/// Finds alerts that another of the same name and labels stands before.
pub fn duplicate(context: &Context, rule: &Rule, _: &Expr) -> Found {
    let labels = |rule: &Rule| -> Vec<(String, String)> {
        let pairs = rule.labels.iter();
        pairs
            .map(|(key, (_, value))| (key.clone(), value.clone()))
            .collect()
    };
    let before = context
        .rules
        .iter()
        .take_while(|other| !std::ptr::eq(*other, rule))
        .find(|other| other.is_alert && other.name == rule.name && labels(other) == labels(rule));
    let Some(before) = before else {
        return Vec::new();
    };
    let message = format!(
        "an alert of this name with the same labels stands at {}:{}",
        before.file, before.line
    );
    vec![(rule.line, message)]
}
