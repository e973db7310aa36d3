//! The dimension of what a query returns, followed through its syntax tree from the
//! units of the metrics: seconds over seconds are a ratio, a rate of bytes is bytes
//! each second. Refuses what adds apples to seconds.

use crate::check::promql::{aggregation, call, constant, name, operator, selector};
use crate::known::{Kind, Registry};
use promql_parser::parser::{Expr, parse};
use std::collections::BTreeMap;

/// Exponents of the units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimension {
    pub seconds: i8,
    pub bytes: i8,
    pub items: i8,
}

/// What is known: metrics, and the expressions of recorded ones.
pub struct Units<'a> {
    pub registry: &'a Registry,
    pub recorded: &'a BTreeMap<String, String>,
    /// Recorded ones whose expression is being followed: a rule may name itself.
    pub within: Vec<String>,
}

impl Dimension {
    fn of_unit(unit: &str) -> Result<Self, String> {
        let mut dimension = Self::default();
        match unit {
            "s" => dimension.seconds = 1,
            "By" => dimension.bytes = 1,
            "1" => {}
            items if items.starts_with('{') => dimension.items = 1,
            other => return Err(format!("the unit {other:?} is not known")),
        }
        Ok(dimension)
    }

    fn combined(self, other: Self, sign: i8) -> Self {
        Self {
            seconds: self.seconds + sign * other.seconds,
            bytes: self.bytes + sign * other.bytes,
            items: self.items + sign * other.items,
        }
    }
}

impl Units<'_> {
    /// The dimension of an expression; nothing for a number, which goes with any.
    pub fn of(&self, expr: &Expr) -> Result<Option<Dimension>, String> {
        if constant(expr).is_some() {
            return Ok(None);
        }
        if let Some(selector) = selector(expr) {
            return self.of_series(name(selector).ok_or("a selector without a name")?);
        }
        if let Some((function, arguments)) = call(expr) {
            return self.of_call(function, &arguments);
        }
        match expr {
            Expr::Paren(inner) => self.of(&inner.expr),
            Expr::Unary(inner) => self.of(&inner.expr),
            Expr::Subquery(inner) => self.of(&inner.expr),
            Expr::Aggregate(inner) => match aggregation(inner).as_str() {
                "count" | "group" | "count_values" => Ok(Some(Dimension::default())),
                _ => self.of(&inner.expr),
            },
            Expr::Binary(binary) => {
                let (left, right) = (self.of(&binary.lhs)?, self.of(&binary.rhs)?);
                match operator(binary).as_str() {
                    "*" => Ok(product(left, right, 1)),
                    "/" => Ok(product(left, right, -1)),
                    "and" | "unless" => Ok(left),
                    // A comparison keeps the value, or says yes or no.
                    ">" | "<" | ">=" | "<=" | "==" | "!=" => {
                        let is_bool = binary.modifier.as_ref().is_some_and(|of| of.return_bool);
                        Ok(if is_bool {
                            Some(Dimension::default())
                        } else {
                            left
                        })
                    }
                    _ => same(left, right),
                }
            }
            other => Err(format!("not followed: {other}")),
        }
    }

    fn of_series(&self, name: &str) -> Result<Option<Dimension>, String> {
        if self.within.iter().any(|outer| outer == name) {
            return Ok(None);
        }
        if let Some(text) = self.recorded.get(name) {
            let expr = parse(text).map_err(|why| format!("{name}: {why}"))?;
            let within = self.within.iter().cloned().chain([name.to_owned()]);
            let inner = Self {
                within: within.collect(),
                ..*self
            };
            return inner.of(&expr);
        }
        let series = self.registry.series(name);
        let series = series.ok_or_else(|| format!("nobody makes {name}"))?;
        let unit = match (series.part, series.metric.kind) {
            ("_bucket" | "_count", Kind::Histogram | Kind::Summary) => "{item}",
            _ => series.metric.unit.as_str(),
        };
        Dimension::of_unit(unit).map(Some)
    }

    fn of_call(&self, function: &str, arguments: &[&Expr]) -> Result<Option<Dimension>, String> {
        let first = || self.of(arguments.first().ok_or("no argument")?);
        let per_second = Dimension {
            seconds: 1,
            ..Dimension::default()
        };
        match function {
            "rate" | "irate" | "deriv" => Ok(product(first()?, Some(per_second), -1)),
            "time" | "timestamp" => Ok(Some(per_second)),
            "vector" | "scalar" => first(),
            "count_over_time" => Ok(Some(Dimension::default())),
            // The histogram's own unit stands with its name.
            "histogram_quantile" => {
                let inner = arguments.get(1).ok_or("no histogram")?;
                let selectors = crate::check::promql::selectors(inner);
                let name = selectors.first().and_then(|selector| name(selector));
                let series = name.and_then(|name| self.registry.series(name));
                let series = series.ok_or("no known histogram")?;
                Dimension::of_unit(&series.metric.unit).map(Some)
            }
            _ => first(),
        }
    }
}

fn product(left: Option<Dimension>, right: Option<Dimension>, sign: i8) -> Option<Dimension> {
    match (left, right) {
        (None, None) => None,
        (Some(left), None) => Some(left),
        (left, Some(right)) => Some(left.unwrap_or_default().combined(right, sign)),
    }
}

fn same(left: Option<Dimension>, right: Option<Dimension>) -> Result<Option<Dimension>, String> {
    match (left, right) {
        (Some(left), Some(right)) if left != right => {
            Err(format!("{left:?} and {right:?} are not of one kind"))
        }
        (left, right) => Ok(left.or(right)),
    }
}
