//! PromQL read for meaning: constants, metrics, comparisons, and what is a share
//! of a whole. Says "yes" only where it is sure; what it can't tell is `None`.

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{AggregateExpr, BinaryExpr, Expr, LabelModifier, VectorSelector};

/// An expression without the brackets around it.
pub fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        other => other,
    }
}

/// The operator as it is written.
pub fn operator(binary: &BinaryExpr) -> String {
    binary.op.to_string().to_lowercase()
}

/// The aggregation's name as it is written.
pub fn aggregation(aggregate: &AggregateExpr) -> String {
    aggregate.op.to_string().to_lowercase()
}

/// The value of an expression of numbers alone.
pub fn constant(expr: &Expr) -> Option<f64> {
    match bare(expr) {
        Expr::NumberLiteral(number) => Some(number.val),
        Expr::Unary(unary) => constant(&unary.expr).map(|value| -value),
        Expr::Binary(binary) => {
            let (left, right) = (constant(&binary.lhs)?, constant(&binary.rhs)?);
            match operator(binary).as_str() {
                "+" => Some(left + right),
                "-" => Some(left - right),
                "*" => Some(left * right),
                "/" => Some(left / right),
                "^" => Some(left.powf(right)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The expressions right below one.
pub fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Aggregate(aggregate) => {
            let param = aggregate.param.as_deref().into_iter();
            param.chain([&*aggregate.expr]).collect()
        }
        Expr::Unary(unary) => vec![&*unary.expr],
        Expr::Binary(binary) => vec![&*binary.lhs, &*binary.rhs],
        Expr::Paren(inner) => vec![&*inner.expr],
        Expr::Subquery(subquery) => vec![&*subquery.expr],
        Expr::Call(call) => call.args.args.iter().map(|argument| &**argument).collect(),
        _ => Vec::new(),
    }
}

/// An expression and all below it, from the top.
pub fn all(expr: &Expr) -> Vec<&Expr> {
    let mut found = vec![expr];
    let mut at = 0;
    while let Some(next) = found.get(at).copied() {
        found.extend(children(next));
        at += 1;
    }
    found
}

/// The selector, with or without a range.
pub fn selector(expr: &Expr) -> Option<&VectorSelector> {
    match expr {
        Expr::VectorSelector(selector) => Some(selector),
        Expr::MatrixSelector(matrix) => Some(&matrix.vs),
        _ => None,
    }
}

/// All selectors of an expression.
pub fn selectors(expr: &Expr) -> Vec<&VectorSelector> {
    all(expr).into_iter().filter_map(selector).collect()
}

/// All matchers of a selector.
pub fn matchers(selector: &VectorSelector) -> impl Iterator<Item = &Matcher> {
    let groups = selector.matchers.or_matchers.iter().flatten();
    selector.matchers.matchers.iter().chain(groups)
}

/// The metric of a selector, also when it is written as `{__name__="x"}`.
pub fn name(selector: &VectorSelector) -> Option<&str> {
    let matched = || {
        matchers(selector)
            .find(|matcher| matcher.name == "__name__" && matches!(matcher.op, MatchOp::Equal))
            .map(|matcher| matcher.value.as_str())
    };
    selector.name.as_deref().or_else(matched)
}

/// The values that a matcher asks for: those of `=`, and of `=~"a|b"`.
pub fn wanted(matcher: &Matcher) -> Vec<&str> {
    match matcher.op {
        MatchOp::Equal => vec![matcher.value.as_str()],
        MatchOp::Re(_) => {
            let value = matcher.value.as_str();
            let inner = value.strip_prefix('(').and_then(|v| v.strip_suffix(')'));
            inner.unwrap_or(value).split('|').collect()
        }
        _ => Vec::new(),
    }
}

/// The labels of `by (…)`.
pub fn by(aggregate: &AggregateExpr) -> &[String] {
    match &aggregate.modifier {
        Some(LabelModifier::Include(labels)) => &labels.labels,
        _ => &[],
    }
}

/// The function's name and arguments.
pub fn call(expr: &Expr) -> Option<(&str, Vec<&Expr>)> {
    match bare(expr) {
        Expr::Call(call) => Some((
            call.func.name,
            call.args.args.iter().map(|argument| &**argument).collect(),
        )),
        _ => None,
    }
}

/// A value against a threshold, the value on the left.
pub struct Comparison<'a> {
    /// What is compared.
    pub value: &'a Expr,
    /// `>`, `>=`, `<`, `<=`, `==` or `!=`, turned around where the threshold
    /// stood on the left.
    pub op: &'static str,
    /// What it is compared with.
    pub threshold: &'a Expr,
}

/// The comparison that an expression is, if it is one.
pub fn comparison(expr: &Expr) -> Option<Comparison<'_>> {
    let Expr::Binary(binary) = bare(expr) else {
        return None;
    };
    let (op, turned) = match operator(binary).as_str() {
        ">" => (">", "<"),
        ">=" => (">=", "<="),
        "<" => ("<", ">"),
        "<=" => ("<=", ">="),
        "==" => ("==", "=="),
        "!=" => ("!=", "!="),
        _ => return None,
    };
    let (left, right) = (&*binary.lhs, &*binary.rhs);
    let is_turned = constant(left).is_some() && constant(right).is_none();
    Some(if is_turned {
        Comparison {
            value: right,
            op: turned,
            threshold: left,
        }
    } else {
        Comparison {
            value: left,
            op,
            threshold: right,
        }
    })
}

/// All comparisons of an expression.
pub fn comparisons(expr: &Expr) -> Vec<Comparison<'_>> {
    let inner = all(expr);
    let inner = inner.into_iter().filter(|e| !matches!(e, Expr::Paren(_)));
    inner.filter_map(comparison).collect()
}

/// What makes the alert's value: both sides of `or`, the left one of `and` and
/// `unless`.
pub fn results(expr: &Expr) -> Vec<&Expr> {
    let expr = bare(expr);
    if let Expr::Binary(binary) = expr {
        match operator(binary).as_str() {
            "or" => return [results(&binary.lhs), results(&binary.rhs)].concat(),
            "and" | "unless" => return results(&binary.lhs),
            _ => {}
        }
    }
    vec![expr]
}

/// The ways in which an alert can fire, each a list of what must hold together.
pub fn ways(expr: &Expr) -> Vec<Vec<&Expr>> {
    let expr = bare(expr);
    if let Expr::Binary(binary) = expr {
        match operator(binary).as_str() {
            "or" => return [ways(&binary.lhs), ways(&binary.rhs)].concat(),
            "and" => {
                let right = ways(&binary.rhs);
                return ways(&binary.lhs)
                    .iter()
                    .flat_map(|left| right.iter().map(|r| [left.clone(), r.clone()].concat()))
                    .collect();
            }
            "unless" => return ways(&binary.lhs),
            _ => {}
        }
    }
    vec![vec![expr]]
}

/// Takes factors out: `100 * x / 4` is `x` and 25.
pub fn scaled(expr: &Expr) -> (&Expr, f64) {
    let expr = bare(expr);
    if let Expr::Binary(binary) = expr {
        let (left, right) = (constant(&binary.lhs), constant(&binary.rhs));
        match (operator(binary).as_str(), left, right) {
            ("*", Some(factor), None) => {
                let (inner, more) = scaled(&binary.rhs);
                return (inner, factor * more);
            }
            ("*", None, Some(factor)) => {
                let (inner, more) = scaled(&binary.lhs);
                return (inner, factor * more);
            }
            ("/", None, Some(divisor)) => {
                let (inner, more) = scaled(&binary.lhs);
                return (inner, more / divisor);
            }
            _ => {}
        }
    }
    (expr, 1.0)
}

/// Through aggregations that keep the size of a value, and rounding.
pub fn through(expr: &Expr) -> &Expr {
    let expr = bare(expr);
    match expr {
        Expr::Aggregate(aggregate) => match aggregation(aggregate).as_str() {
            "sum" | "avg" | "min" | "max" | "topk" | "bottomk" | "quantile" => {
                through(&aggregate.expr)
            }
            _ => expr,
        },
        Expr::Call(call) => match (call.func.name, call.args.args.first()) {
            ("round" | "abs" | "ceil" | "floor" | "sort" | "sort_desc", Some(inner)) => {
                through(inner)
            }
            _ => expr,
        },
        _ => expr,
    }
}
