//! Web vitals: one that is gone, and how the others are summed up.

use promql_parser::parser::{Expr, VectorSelector};
use sightline_core::web_vital::INP;

use super::document::Rule;
use super::promql::{
    aggregation, all, bare, call, matchers, name, operator, selector, selectors, through, wanted,
};
use super::{Context, Found};

fn words(name: &str) -> Vec<String> {
    name.split(['_', ':', '.', '-'])
        .map(str::to_lowercase)
        .collect()
}

/// Finds metrics and labels that name First Input Delay.
pub fn fid(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let of_rule = (!rule.is_alert).then_some(rule.name.as_str());
    let mut names: Vec<String> = of_rule.map(str::to_owned).into_iter().collect();
    for selector in selectors(expr) {
        names.extend(name(selector).map(str::to_owned));
        names.extend(matchers(selector).flat_map(|matcher| {
            let is_vital = |label: &str| {
                ["vital", "metric", "name", "measurement", "type"]
                    .iter()
                    .any(|word| label.contains(word))
            };
            let values = if is_vital(&matcher.name) {
                wanted(matcher)
            } else {
                Vec::new()
            };
            values.into_iter().map(str::to_owned)
        }));
    }
    let named = names.iter().find(|name| {
        let words = words(name);
        let is_long = name.to_lowercase().replace(['-', '.', ':'], "_");
        words.iter().any(|word| word == "fid") || is_long.contains("first_input_delay")
    });
    named
        .map(|name| {
            let message = format!(
                "`{name}` is First Input Delay, which Interaction to Next Paint replaced in March \
                 2024: measure INP (good up to {} s)",
                INP.good
            );
            (rule.expr_line, message)
        })
        .into_iter()
        .collect()
}

/// Whether the series are of a web vital.
fn is_vital(selector: &VectorSelector) -> bool {
    let Some(name) = name(selector) else {
        return false;
    };
    let words = words(name);
    let has = |word: &str| words.iter().any(|have| have == word);
    let is_named = ["lcp", "inp", "cls", "fcp", "ttfb", "fid"]
        .iter()
        .any(|vital| has(vital));
    let is_of_pages = ["browser", "faro", "rum", "page", "web", "vital", "vitals"]
        .iter()
        .any(|place| has(place));
    (is_named && is_of_pages) || name.contains("web_vital") || name.contains("webvital")
}

fn is_average_name(selector: &VectorSelector, part: &str) -> bool {
    name(selector).is_some_and(|name| name.ends_with(part))
}

/// Finds averages of web vitals: avg() of them, or their sum over their count.
pub fn average(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut found = Vec::new();
    for inner in all(expr) {
        let averaged = match inner {
            Expr::Aggregate(aggregate) if aggregation(aggregate) == "avg" => {
                Some(bare(&aggregate.expr))
            }
            Expr::Call(called) if called.func.name == "avg_over_time" => {
                called.args.args.first().map(|range| bare(range))
            }
            _ => None,
        };
        let of_average = averaged.and_then(selector).filter(|of| is_vital(of));
        let of_quotient = match inner {
            Expr::Binary(binary) if operator(binary) == "/" => {
                let (sum, count) = (part(&binary.lhs), part(&binary.rhs));
                let is_mean = sum.is_some_and(|sum| is_average_name(sum, "_sum"))
                    && count.is_some_and(|count| is_average_name(count, "_count"));
                sum.filter(|sum| is_mean && is_vital(sum))
            }
            _ => None,
        };
        if let Some(name) = of_average.or(of_quotient).and_then(name) {
            found.push((
                rule.expr_line,
                format!(
                    "an average of `{name}`: vitals are rated by their 75th percentile; compare \
                     the share of good views, `bucket{{le=\"T\"}} / count`, with 0.75"
                ),
            ));
        }
    }
    found
}

/// The selector of a rate or of a value, below aggregations.
fn part(expr: &Expr) -> Option<&VectorSelector> {
    let inner = through(expr);
    match call(inner) {
        Some((_, arguments)) => selector(bare(arguments.first()?)),
        None => selector(inner),
    }
}
