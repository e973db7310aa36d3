//! Averages and sums of percentiles.

use promql_parser::parser::Expr;

use super::document::Rule;
use super::promql::{aggregation, all, bare, call, matchers, name, selectors};
use super::{Context, Found};

/// Finds averages and sums over series that are percentiles.
pub fn of_percentile(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut found = Vec::new();
    for inner in all(expr) {
        let Some((how, inner)) = averaged(inner) else {
            continue;
        };
        if let Some(what) = percentile(inner) {
            found.push((
                rule.expr_line,
                format!(
                    "{how}() over {what}: the result is no percentile; add up the buckets and \
                     take histogram_quantile() of them, or take max()"
                ),
            ));
        }
    }
    found
}

fn averaged(expr: &Expr) -> Option<(String, &Expr)> {
    match expr {
        Expr::Aggregate(aggregate) => {
            let how = aggregation(aggregate);
            matches!(how.as_str(), "avg" | "sum").then(|| (how, bare(&aggregate.expr)))
        }
        Expr::Call(called) if called.func.name == "avg_over_time" => {
            match bare(called.args.args.first()?) {
                Expr::Subquery(subquery) => {
                    Some((called.func.name.to_owned(), bare(&subquery.expr)))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn percentile(expr: &Expr) -> Option<String> {
    if let Some((function @ "histogram_quantile", _)) = call(expr) {
        return Some(format!("{function}()"));
    }
    // A comparison or a count within makes something else of it.
    let is_value = |inner: &&Expr| matches!(inner, Expr::VectorSelector(_) | Expr::Paren(_));
    if !all(expr).iter().all(is_value) {
        return None;
    }
    selectors(expr).into_iter().find_map(|selector| {
        let name = name(selector)?;
        let is_summary = matchers(selector)
            .any(|matcher| matcher.name == "quantile" && !matcher.value.is_empty());
        if is_summary {
            return Some(format!("the quantiles of `{name}`"));
        }
        let is_named = name.split(['_', ':']).any(|word| {
            let digits = word.strip_prefix('p').unwrap_or_default();
            matches!(digits, "50" | "75" | "90" | "95" | "98" | "99" | "999")
        });
        is_named.then(|| format!("the percentiles `{name}`"))
    })
}
