//! Which labels the result of an expression has left, and texts that print others.

use std::collections::BTreeSet;

use promql_parser::label::Labels;
use promql_parser::parser::{BinaryExpr, Expr, LabelModifier, VectorMatchCardinality};

use super::document::Rule;
use super::promql::{aggregation, bare, constant, operator};
use super::{Context, Found};

type Kept = Option<BTreeSet<String>>;

fn set(labels: &Labels) -> BTreeSet<String> {
    labels.labels.iter().cloned().collect()
}

/// The labels that a result can have at most; nothing where that can't be known.
fn kept(expr: &Expr) -> Kept {
    match bare(expr) {
        Expr::Aggregate(aggregate) => match aggregation(aggregate).as_str() {
            "topk" | "bottomk" | "limitk" | "limit_ratio" => kept(&aggregate.expr),
            "count_values" => None,
            _ => match &aggregate.modifier {
                Some(LabelModifier::Include(labels)) => Some(set(labels)),
                Some(LabelModifier::Exclude(_)) => None,
                None => Some(BTreeSet::new()),
            },
        },
        Expr::Binary(binary) => of_binary(binary),
        Expr::Call(call) => match call.func.name {
            "label_replace" | "label_join" | "info" | "absent" | "absent_over_time" | "vector" => {
                None
            }
            _ => {
                let mut values = call
                    .args
                    .args
                    .iter()
                    .filter(|argument| constant(argument).is_none());
                let first = values.next()?;
                if values.next().is_some() {
                    return None;
                }
                kept(first)
            }
        },
        Expr::Subquery(subquery) => kept(&subquery.expr),
        Expr::Unary(unary) => kept(&unary.expr),
        _ => None,
    }
}

fn of_binary(binary: &BinaryExpr) -> Kept {
    let (left, right) = (&binary.lhs, &binary.rhs);
    match operator(binary).as_str() {
        "and" | "unless" => return kept(left),
        "or" => return Some(kept(left)?.union(&kept(right)?).cloned().collect()),
        _ => {}
    }
    if constant(right).is_some() {
        return kept(left);
    }
    if constant(left).is_some() {
        return kept(right);
    }
    let Some(modifier) = &binary.modifier else {
        return kept(left).or_else(|| kept(right));
    };
    let (many, more) = match &modifier.card {
        VectorMatchCardinality::ManyToOne(more) => (left, more),
        VectorMatchCardinality::OneToMany(more) => (right, more),
        _ => {
            return match &modifier.matching {
                Some(LabelModifier::Include(labels)) => Some(set(labels)),
                Some(LabelModifier::Exclude(_)) => None,
                None => kept(left).or_else(|| kept(right)),
            };
        }
    };
    let mut labels = kept(many)?;
    labels.extend(set(more));
    Some(labels)
}

/// The labels that a text prints.
fn printed(text: &str) -> BTreeSet<&str> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    ["$labels.", ".Labels."]
        .iter()
        .flat_map(|begin| text.split(begin).skip(1))
        .map(|rest| rest.split(|c| !is_letter(c)).next().unwrap_or_default())
        .filter(|label| !label.is_empty())
        .collect()
}

/// Finds texts that print a label which the expression has aggregated away.
pub fn gone(_: &Context, rule: &Rule, expr: &Expr) -> Found {
    let Some(kept) = kept(expr) else {
        return Vec::new();
    };
    let texts = rule.annotations.iter().chain(&rule.labels);
    let mut found = Vec::new();
    for (key, (line, text)) in texts {
        for label in printed(text) {
            if !kept.contains(label) {
                found.push((
                    *line,
                    format!(
                        "`{key}` prints the label `{label}`, which the expression does not keep"
                    ),
                ));
            }
        }
    }
    found
}
