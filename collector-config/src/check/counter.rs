//! Counters taken for gauges, and gauges for counters.

use std::collections::BTreeSet;

use promql_parser::parser::Expr;

use super::document::Rule;
use super::promql::{
    aggregation, all, bare, call, comparisons, constant, name, operator, results, selector,
    selectors, ways,
};
use super::{Context, Found};
use crate::known::Kind;

/// Names of histograms whose buckets some expression selects.
pub fn histograms<'a>(expressions: impl Iterator<Item = &'a Expr>) -> BTreeSet<String> {
    expressions
        .flat_map(selectors)
        .filter_map(|selector| name(selector)?.strip_suffix("_bucket"))
        .map(str::to_owned)
        .collect()
}

/// Words in names that end in `_total` and are an amount as it is now.
const AMOUNTS: [&str; 16] = [
    "capacity",
    "limit",
    "max",
    "size",
    "memory",
    "mem",
    "disk",
    "space",
    "available",
    "physical",
    "nodes",
    "cores",
    "online",
    "offline",
    "active",
    "pending",
];

/// Words of names that count events. "More than none" is asked of amounts too, so
/// that a name which only ends in `_total` does not show a counter there.
const EVENTS: [&str; 14] = [
    "error",
    "fail",
    "request",
    "restart",
    "drop",
    "reject",
    "timeout",
    "evict",
    "retr",
    "panic",
    "exception",
    "refused",
    "lost",
    "crash",
];

fn is_counter(context: &Context, name: &str) -> bool {
    if let Some(series) = context.settings.registry.series(name) {
        return series.is_counter();
    }
    if name.contains(':') {
        return false;
    }
    let is_amount = || name.split('_').any(|word| AMOUNTS.contains(&word));
    let of_histogram = ["_bucket", "_sum", "_count"].iter().any(|part| {
        let base = name.strip_suffix(part);
        base.is_some_and(|base| context.histograms.contains(base))
    });
    of_histogram || (name.ends_with("_total") && !is_amount())
}

fn counts_events(context: &Context, name: &str) -> bool {
    let is_known = context.settings.registry.series(name).is_some();
    is_known || EVENTS.iter().any(|event| name.contains(event))
}

fn is_whole(number: f64) -> bool {
    number.fract() == 0.0
}

/// The counter whose very value, not its growth, makes the value of `expr`.
fn raw_within<'a>(context: &Context, expr: &'a Expr) -> Option<&'a str> {
    let within = |inner| raw_within(context, inner);
    match bare(expr) {
        Expr::VectorSelector(selector) => name(selector).filter(|name| is_counter(context, name)),
        Expr::Aggregate(aggregate) => match aggregation(aggregate).as_str() {
            "sum" | "avg" | "min" | "max" | "topk" | "bottomk" | "quantile" => {
                within(&aggregate.expr)
            }
            _ => None,
        },
        Expr::Binary(binary) => {
            let (left, right) = (&binary.lhs, &binary.rhs);
            let has_number = constant(left).is_some() || constant(right).is_some();
            match operator(binary).as_str() {
                "*" | "/" | "-" if has_number => within(left).or_else(|| within(right)),
                "+" => within(left).or_else(|| within(right)),
                // Both over the whole life of a process.
                "/" => within(left).filter(|_| within(right).is_some()),
                _ => None,
            }
        }
        Expr::Call(call) => {
            let first = call.args.args.last()?;
            match (call.func.name, bare(first)) {
                ("abs" | "ceil" | "floor", inner) => within(inner),
                ("round" | "clamp_min" | "clamp_max" | "clamp", _) => {
                    call.args.args.first().and_then(|inner| within(inner))
                }
                (
                    "last_over_time" | "max_over_time" | "min_over_time" | "avg_over_time",
                    Expr::MatrixSelector(matrix),
                ) => name(&matrix.vs).filter(|name| is_counter(context, name)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Finds counters that are compared, averaged or differentiated as if they were
/// gauges.
pub fn raw(context: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    let results = results(expr);
    let is_alone = |way: &Vec<&Expr>| way.len() == 1;
    let is_alone = ways(expr).iter().all(is_alone);
    for comparison in comparisons(expr) {
        let Some(limit) = constant(comparison.threshold) else {
            continue;
        };
        // "Never yet" is a question that a counter answers itself; "ever" is one
        // where it stands beside the condition proper.
        let is_never = match comparison.op {
            "==" => limit == 0.0,
            "<" => limit <= 1.0,
            "<=" => limit < 1.0,
            _ => false,
        };
        let is_main = results.iter().any(|result| {
            super::promql::comparison(result)
                .is_some_and(|main| std::ptr::eq(main.value, comparison.value))
        });
        let is_ever = matches!(comparison.op, ">" | ">=" | "!=") && is_whole(limit) && limit <= 1.0;
        let is_guard = is_ever && !(is_main && is_alone);
        if is_never || is_guard {
            continue;
        }
        if let Some(name) = raw_within(context, comparison.value)
            && (!is_ever || counts_events(context, name))
            && names.insert(name)
        {
            found.push((
                rule.expr_line,
                format!(
                    "`{name}` is a counter, compared as it is: it only grows, so that this tells \
                     how long the process runs; compare rate() or increase()"
                ),
            ));
        }
    }
    for inner in all(expr) {
        if let Some((name, how)) = averaged(context, inner)
            && names.insert(name)
        {
            found.push((
                rule.expr_line,
                format!("`{name}` is a counter: {how} of it means nothing; take rate() first"),
            ));
        }
    }
    found
}

fn averaged<'a>(context: &Context, expr: &'a Expr) -> Option<(&'a str, String)> {
    let (how, inner) = match expr {
        Expr::Aggregate(aggregate) => {
            let how = aggregation(aggregate);
            let averages = ["avg", "stddev", "stdvar", "quantile"];
            averages.contains(&how.as_str()).then_some(())?;
            (how, bare(&aggregate.expr))
        }
        Expr::Call(called) => {
            let averages = [
                "avg_over_time",
                "quantile_over_time",
                "stddev_over_time",
                "delta",
                "idelta",
                "deriv",
            ];
            averages.contains(&called.func.name).then_some(())?;
            let range = called.args.args.iter().map(|argument| bare(argument));
            let mut range = range.filter(|argument| matches!(argument, Expr::MatrixSelector(_)));
            (called.func.name.to_owned(), range.next()?)
        }
        _ => return None,
    };
    let name = name(selector(inner)?)?;
    // Whoever takes the difference of an unknown `_total` knows it to be a gauge.
    let is_deliberate = matches!(how.as_str(), "delta" | "idelta" | "deriv")
        && context.settings.registry.series(name).is_none();
    (is_counter(context, name) && !is_deliberate).then(|| (name, format!("{how}()")))
}

/// Finds rates of what can fall.
pub fn rate_of_gauge(context: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut found = Vec::new();
    for inner in all(expr) {
        let Some((function @ ("rate" | "irate" | "increase" | "resets"), arguments)) = call(inner)
        else {
            continue;
        };
        let metric = arguments.first().and_then(|range| selector(bare(range)));
        let Some(name) = metric.and_then(name) else {
            continue;
        };
        let series = context.settings.registry.series(name);
        if !matches!(inner, Expr::Paren(_))
            && series.is_some_and(|series| series.metric.kind == Kind::Gauge)
        {
            found.push((
                rule.expr_line,
                format!(
                    "`{name}` is a gauge: {function}() takes each fall for a restart; use \
                     delta(), deriv() or the value itself"
                ),
            ));
        }
    }
    found
}
