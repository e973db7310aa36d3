//! Burn rates that can't be reached, or that look through one window.

use promql_parser::parser::Expr;

use super::document::Rule;
use super::promql::{Comparison, bare, comparisons, constant, operator, scaled, ways};
use super::share::{is_named_burn_rate, is_share, windows};
use super::{Context, Found};

/// Whether the threshold is spelled as a burn rate times a budget: `14.4 * 0.001`,
/// `14.4 * (1 - 0.999)`.
fn is_rate_times_budget(threshold: &Expr) -> bool {
    match bare(threshold) {
        Expr::Binary(binary) if operator(binary) == "*" => {
            match (constant(&binary.lhs), constant(&binary.rhs)) {
                (Some(left), Some(right)) => {
                    let (small, large) = (left.min(right), left.max(right));
                    small > 0.0 && small < 1.0 && large >= 1.0
                }
                _ => false,
            }
        }
        Expr::Binary(binary) if operator(binary) == "-" => {
            constant(&binary.lhs) == Some(1.0) && is_rate_times_budget(&binary.rhs)
        }
        _ => false,
    }
}

fn is_compared_share(comparison: &Comparison) -> bool {
    let (value, _) = scaled(comparison.value);
    is_share(value) || (is_rate_times_budget(comparison.threshold) && is_named_burn_rate(value))
}

/// Finds shares compared with what no share reaches.
pub fn unreachable(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut found = Vec::new();
    for comparison in comparisons(expr) {
        let Some(written) = constant(comparison.threshold) else {
            continue;
        };
        let (_, factor) = scaled(comparison.value);
        let limit = written / factor;
        let never = match comparison.op {
            ">" => limit >= 1.0,
            ">=" => limit > 1.0,
            "<" => limit <= 0.0,
            "<=" => limit < 0.0,
            _ => false,
        };
        if !never || factor <= 0.0 || !is_compared_share(&comparison) {
            continue;
        }
        let is_spelled = is_rate_times_budget(comparison.threshold);
        let why = if is_spelled || bare(comparison.threshold) != comparison.threshold {
            "with so large an error budget the burn rate must be smaller: below 1 / budget"
        } else {
            "write the share of the whole, such as 0.05 for 5 %"
        };
        let limit = rounded(limit);
        found.push((
            rule.expr_line,
            format!(
                "a share of a whole lies between 0 and 1 and is never {} {limit}: this can't \
                 fire; {why}",
                comparison.op
            ),
        ));
    }
    found
}

fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// Finds ways to fire that look at the burn rate through one window alone.
pub fn one_window(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let is_named = rule.name.to_lowercase().contains("burn");
    for way in ways(expr) {
        let of_burn: Vec<Comparison> = way
            .iter()
            .flat_map(|condition| comparisons(condition))
            .filter(|comparison| matches!(comparison.op, ">" | ">=" | "<" | "<="))
            .filter(|comparison| {
                let is_burn = is_named || is_rate_times_budget(comparison.threshold);
                is_burn && is_compared_share(comparison)
            })
            .collect();
        let mut seen: Vec<_> = of_burn
            .iter()
            .flat_map(|burn| windows(burn.value))
            .collect();
        seen.sort();
        seen.dedup();
        if let [window] = seen.as_slice() {
            let minutes = window.as_secs().div_ceil(60);
            let message = format!(
                "a burn rate over one window of {minutes} min: add `and` with the same threshold \
                 over a twelfth of it, so that the alert ends when the errors do"
            );
            return vec![(rule.expr_line, message)];
        }
    }
    Vec::new()
}
