//! Percentages in texts for people, of values that are none.

use promql_parser::parser::Expr;

use super::document::Rule;
use super::promql::{
    aggregation, all, bare, call, comparison, constant, name, operator, results, scaled, selector,
    through,
};
use super::share::is_share;
use super::{Context, Found};

/// How a text prints the alert's value.
#[derive(Clone, Copy, PartialEq)]
enum Print {
    /// `{{ $value }}%`
    Literal,
    /// `{{ $value | humanizePercentage }}`, which multiplies by 100.
    Humanized,
}

fn prints(text: &str) -> Vec<Print> {
    let mut found = Vec::new();
    for piece in text.split("{{").skip(1) {
        let Some((inside, after)) = piece.split_once("}}") else {
            continue;
        };
        let is_value = inside.contains("$value") || inside.contains(".Value");
        if !is_value || inside.contains("query") {
            continue;
        }
        if inside.contains("humanizePercentage") {
            found.push(Print::Humanized);
        } else if after.trim_start_matches(' ').starts_with('%') || inside.contains("%%") {
            found.push(Print::Literal);
        }
    }
    found
}

/// Finds rates, counts, durations and sizes printed as percentages, and ratios
/// printed 100 times too small or too large.
pub fn of_non_ratio(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut found = Vec::new();
    for (key, (line, text)) in &rule.annotations {
        for print in prints(text) {
            for result in results(expr) {
                if let Some(what) = wrong(print, result) {
                    found.push((*line, format!("annotation `{key}`: {what}")));
                }
            }
        }
    }
    found
}

fn wrong(print: Print, result: &Expr) -> Option<String> {
    let compared = comparison(result);
    let value = compared.as_ref().map_or(result, |compared| compared.value);
    if let Some(what) = other_than_share(value) {
        return Some(format!("prints {what} as a percentage"));
    }
    let limit = compared.and_then(|compared| constant(compared.threshold));
    let (inner, factor) = scaled(value);
    let of_dividend = match inner {
        Expr::Binary(binary) if operator(binary) == "/" => scaled(&binary.lhs).1,
        _ => 1.0,
    };
    let is_hundredfold = (factor * of_dividend - 100.0).abs() < 1e-9;
    let has_hundred = all(value)
        .iter()
        .any(|inner| constant(inner).is_some_and(|number| number.abs() >= 100.0));
    let is_quotient = is_share(inner) || is_operation(inner, "/") || is_rest_of_one(inner);
    let is_below_one = limit.is_some_and(|limit| limit > 0.0 && limit < 1.0);
    match print {
        Print::Humanized if is_hundredfold && is_quotient => Some(
            "humanizePercentage multiplies by 100 what the expression multiplied already".into(),
        ),
        Print::Literal if is_quotient && is_below_one && factor == 1.0 && !has_hundred => Some(
            "a sign % after a ratio between 0 and 1 prints 0.05 % for 5 %; use humanizePercentage"
                .into(),
        ),
        _ => None,
    }
}

fn is_operation(expr: &Expr, wanted: &str) -> bool {
    matches!(through(expr), Expr::Binary(binary) if operator(binary) == wanted)
}

fn is_rest_of_one(expr: &Expr) -> bool {
    matches!(through(expr), Expr::Binary(binary)
        if operator(binary) == "-" && constant(&binary.lhs) == Some(1.0))
}

/// What the value surely is, where that is no share.
fn other_than_share(value: &Expr) -> Option<String> {
    let (inner, _) = scaled(value);
    let inner = through(inner);
    if let Expr::Aggregate(aggregate) = inner {
        return matches!(aggregation(aggregate).as_str(), "count" | "group")
            .then(|| "a number of series".to_owned());
    }
    if let Some((function, arguments)) = call(inner) {
        return match function {
            "rate" | "irate" | "increase" | "delta" | "idelta" => {
                let metric = name(selector(bare(arguments.first()?))?)?;
                // Seconds a second are a share of time.
                let is_fit = may_be_share(metric) || metric.contains("seconds") || of_time(metric);
                let what = match function {
                    "rate" | "irate" => "a rate per second",
                    _ => "a count",
                };
                (!is_fit).then(|| format!("{what} (of `{metric}`)"))
            }
            "histogram_quantile" => {
                let selectors = super::promql::selectors(arguments.last()?);
                let metric = name(selectors.first()?)?;
                (!may_be_share(metric)).then(|| format!("a quantile of `{metric}`"))
            }
            _ => None,
        };
    }
    let metric = name(selector(inner)?)?;
    let has_unit = ["_seconds", "_bytes", "_total", "_celsius", "_seconds_total"]
        .iter()
        .any(|unit| metric.ends_with(unit));
    (has_unit && !may_be_share(metric)).then(|| format!("`{metric}` itself"))
}

fn may_be_share(metric: &str) -> bool {
    let words = [
        "ratio", "percent", "pct", "utili", "usage", "load", "share", "fraction", "rate",
    ];
    // Whole words: "duration" is none.
    metric
        .split(['_', ':'])
        .any(|part| words.iter().any(|word| part.starts_with(word)))
        || metric.contains("utili")
}

fn of_time(metric: &str) -> bool {
    ["_time", "_ms", "_ns", "_duration", "_msec"]
        .iter()
        .any(|word| metric.contains(word))
}
