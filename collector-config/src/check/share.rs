//! Which expressions are a share of a whole, from 0 to 1, and which windows they
//! look back over.

use std::time::Duration;

use promql_parser::parser::{Expr, VectorSelector};

use super::promql::{
    aggregation, all, bare, call, constant, matchers, name, operator, selectors, through,
};

/// Whether an expression is surely a share of a whole: a part of a metric over
/// all of it, what is missing to 1, or what is recorded as a ratio of errors.
pub fn is_share(expr: &Expr) -> bool {
    match through_averages(expr) {
        Expr::Binary(binary) => match operator(binary).as_str() {
            "/" => is_part_of(&binary.lhs, &binary.rhs),
            "-" => constant(&binary.lhs) == Some(1.0) && is_share(&binary.rhs),
            _ => false,
        },
        Expr::VectorSelector(selector) => name(selector).is_some_and(is_name_of_share),
        _ => false,
    }
}

/// Whether it is recorded as a burn rate. Some record the ratio of errors under
/// that name, some the ratio over the budget; the threshold tells which.
pub fn is_named_burn_rate(expr: &Expr) -> bool {
    let selector = match through_averages(expr) {
        Expr::VectorSelector(selector) => name(selector),
        _ => None,
    };
    selector.is_some_and(|name| name.contains("burnrate") || name.contains("burn_rate"))
}

/// Averages and extremes of shares are shares; a sum of one series is one.
fn through_averages(expr: &Expr) -> &Expr {
    if let Some((function, arguments)) = call(expr)
        && matches!(
            function,
            "avg_over_time" | "max_over_time" | "min_over_time" | "last_over_time"
        )
        && let Some(inner) = arguments.first()
        && let Expr::Subquery(subquery) = bare(inner)
    {
        return through_averages(&subquery.expr);
    }
    through(expr)
}

/// Names such as `slo:sli_error:ratio_rate5m` and `job:errors:ratio`; a ratio of
/// anything else may be above 1.
fn is_name_of_share(name: &str) -> bool {
    let has = |word: &str| name.contains(word);
    // Not "duration".
    let is_ratio = name.split([':', '_']).any(|word| word.starts_with("ratio"));
    is_ratio
        && (has("error") || has("sli") || has("availability") || has("_events"))
        && !has("error_budget")
}

/// Whether each series of the part is one of the whole, so that it can't be more.
fn is_part_of(part: &Expr, whole: &Expr) -> bool {
    let (parts, wholes) = (selectors(part), selectors(whole));
    let ([part_of], [whole_of]) = (parts.as_slice(), wholes.as_slice()) else {
        return false;
    };
    same_shape(part, whole) && is_narrower(part_of, whole_of)
}

/// The same functions and aggregations in the same order, so that only the
/// matchers differ.
fn same_shape(one: &Expr, other: &Expr) -> bool {
    let shape = |expr: &Expr| -> Option<Vec<String>> {
        let mut steps = Vec::new();
        for inner in all(expr) {
            match inner {
                Expr::Paren(_) => {}
                Expr::Aggregate(aggregate) => {
                    let step = aggregation(aggregate);
                    // The smallest of some is not below the smallest of all.
                    if !matches!(step.as_str(), "sum" | "count" | "max") {
                        return None;
                    }
                    steps.push(step);
                }
                Expr::Call(call) => steps.push(call.func.name.to_owned()),
                Expr::MatrixSelector(matrix) => steps.push(format!("{:?}", matrix.range)),
                Expr::VectorSelector(_) => steps.push("selector".to_owned()),
                _ => return None,
            }
        }
        Some(steps)
    };
    shape(one).is_some_and(|steps| shape(other) == Some(steps))
}

fn is_narrower(part: &VectorSelector, whole: &VectorSelector) -> bool {
    let (Some(one), Some(other)) = (name(part), name(whole)) else {
        return false;
    };
    let base = |name: &str| -> String {
        // A bucket is a part of the count.
        let cut = name.strip_suffix("_bucket");
        cut.map(|base| format!("{base}_count"))
            .unwrap_or(name.to_owned())
    };
    let is_bucket = one.ends_with("_bucket");
    base(one) == base(other)
        && part.offset == whole.offset
        && (matchers(part).count() > matchers(whole).count() || is_bucket)
        && matchers(whole).all(|of_whole| matchers(part).any(|of_part| of_part == of_whole))
}

/// How far back each selector of an expression looks: ranges, and windows that
/// recorded names carry.
pub fn windows(expr: &Expr) -> Vec<Duration> {
    let mut windows: Vec<Duration> = all(expr)
        .into_iter()
        .filter_map(|inner| match inner {
            Expr::MatrixSelector(matrix) => Some(matrix.range),
            Expr::Subquery(subquery) => Some(subquery.range),
            Expr::VectorSelector(selector) => name(selector).and_then(window_of_name),
            _ => None,
        })
        .collect();
    windows.sort();
    windows.dedup();
    windows
}

/// `job:errors:ratio_rate1h` and `apiserver_request:burnrate3d` carry windows.
fn window_of_name(name: &str) -> Option<Duration> {
    let last = name.rsplit([':', '_']).next()?;
    let digits = last.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = digits.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    (name.contains(':') && number > 0).then(|| Duration::from_secs(number * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use promql_parser::parser::parse;

    #[test]
    fn shares_are_known_from_quotients_of_other_things() {
        for (text, expected) in [
            (r#"sum(rate(x{code=~"5.."}[5m])) / sum(rate(x[5m]))"#, true),
            (
                r#"1 - rate(x_bucket{le="1"}[5m]) / rate(x_count[5m])"#,
                true,
            ),
            ("slo:sli_error:ratio_rate1h", true),
            ("sum by (job) (job:errors:ratio5m)", true),
            // An average, a comparison over time, two metrics, a wider part.
            ("rate(x_sum[5m]) / rate(x_count[5m])", false),
            (r#"rate(x{a="b"}[5m]) / rate(x[5m] offset 1d)"#, false),
            ("rate(a[5m]) / rate(b[5m])", false),
            (r#"rate(x{a="b"}[5m]) / rate(x{c="d"}[5m])"#, false),
            (r#"rate(x{a="b"}[5m]) / rate(x[1h])"#, false),
            ("node_zfs_compression_ratio", false),
            ("sli_error_duration", false),
        ] {
            assert_eq!(is_share(&parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn windows_come_from_ranges_and_names() {
        let expr = parse("rate(x[5m]) + a:ratio_rate1h + a:burnrate3d + x_rate1h").unwrap();
        let expected = [300, 3_600, 259_200].map(Duration::from_secs);
        assert_eq!(windows(&expr), expected);
    }
}
