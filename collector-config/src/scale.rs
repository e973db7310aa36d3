//! The same rules in less time, for drills: every duration of a rule file, in
//! its expressions too, divided by one number. Names, labels, thresholds and
//! texts stay, so that what a drill runs is what is shipped.

use crate::duration;
use crate::rule_file::{Group, Rule, RuleFile};
use anyhow::{Context, Result, anyhow, ensure};
use promql_parser::parser::{Expr, Offset, parse};
use std::time::Duration;

/// Divides all durations of a file.
pub fn rule_file(file: &RuleFile, divisor: u32) -> Result<RuleFile> {
    ensure!(divisor > 0, "durations can't be divided by 0");
    let mut file = file.clone();
    for group in &mut file.groups {
        let name = group.name.clone();
        scale_group(group, divisor).with_context(|| format!("group {name}"))?;
    }
    Ok(file)
}

/// Divides the durations of these keys in any YAML, line by line: for the
/// configurations of Prometheus and Alertmanager, whose comments and order stay.
pub fn yaml(text: &str, keys: &[&str], divisor: u32) -> Result<String> {
    let mut scaled = String::with_capacity(text.len());
    for line in text.lines() {
        match line.split_once(": ") {
            Some((key, value)) if keys.contains(&key.trim_start_matches([' ', '-'])) => {
                let (value, comment) = value.split_once(" #").unwrap_or((value, ""));
                let value = duration::parse(value.trim()).with_context(|| line.to_owned())?;
                scaled += &format!("{key}: {}", duration::text(divided(value, divisor)));
                if !comment.is_empty() {
                    scaled += &format!(" #{comment}");
                }
            }
            _ => scaled += line,
        }
        scaled.push('\n');
    }
    Ok(scaled)
}

/// Divides all durations of an expression.
pub fn expression(text: &str, divisor: u32) -> Result<String> {
    let mut expression = parse(text).map_err(|why| anyhow!("{why}"))?;
    scale_expression(&mut expression, divisor);
    Ok(expression.to_string())
}

fn scale_group(group: &mut Group, divisor: u32) -> Result<()> {
    scale_text(&mut group.interval, divisor)?;
    for rule in &mut group.rules {
        let name = rule.name().to_owned();
        scale_rule(rule, divisor).with_context(|| format!("rule {name}"))?;
    }
    Ok(())
}

fn scale_rule(rule: &mut Rule, divisor: u32) -> Result<()> {
    rule.expr.text = expression(&rule.expr.text, divisor)?;
    scale_text(&mut rule.hold, divisor)?;
    scale_text(&mut rule.keep_firing_for, divisor)
}

fn scale_text(text: &mut Option<String>, divisor: u32) -> Result<()> {
    if let Some(text) = text {
        *text = duration::text(divided(duration::parse(text)?, divisor));
    }
    Ok(())
}

/// In whole milliseconds, the smallest unit that Prometheus knows; something
/// never becomes nothing.
fn divided(whole: Duration, divisor: u32) -> Duration {
    let millis = whole.as_millis().div_ceil(divisor.into());
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

fn scale_expression(expression: &mut Expr, divisor: u32) {
    let scale_offset = |offset: &mut Option<Offset>| {
        if let Some(Offset::Pos(time) | Offset::Neg(time)) = offset {
            *time = divided(*time, divisor);
        }
    };
    match expression {
        Expr::Aggregate(aggregate) => {
            scale_expression(&mut aggregate.expr, divisor);
            if let Some(parameter) = &mut aggregate.param {
                scale_expression(parameter, divisor);
            }
        }
        Expr::Unary(unary) => scale_expression(&mut unary.expr, divisor),
        Expr::Binary(binary) => {
            scale_expression(&mut binary.lhs, divisor);
            scale_expression(&mut binary.rhs, divisor);
        }
        Expr::Paren(paren) => scale_expression(&mut paren.expr, divisor),
        Expr::Subquery(subquery) => {
            subquery.range = divided(subquery.range, divisor);
            subquery.step = subquery.step.map(|step| divided(step, divisor));
            scale_offset(&mut subquery.offset);
            scale_expression(&mut subquery.expr, divisor);
        }
        Expr::VectorSelector(selector) => scale_offset(&mut selector.offset),
        Expr::MatrixSelector(selector) => {
            selector.range = divided(selector.range, divisor);
            scale_offset(&mut selector.vs.offset);
        }
        Expr::Call(call) => {
            for argument in &mut call.args.args {
                scale_expression(argument, divisor);
            }
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_of_an_expression_is_divided() {
        for (whole, expected) in [
            ("rate(a[5m])", "rate(a[5s])"),
            ("rate(a[1h] offset 1d)", "rate(a[1m] offset 24m)"),
            ("a offset -1m", "a offset -1s"),
            (
                "max_over_time((a > 0)[1h:1m])",
                "max_over_time((a > 0)[1m:1s])",
            ),
            ("avg_over_time(a[10m:])", "avg_over_time(a[10s:])"),
            (
                "sum by (job) (rate(a[5m])) / on (job) group_left () b > 60",
                "sum by (job) (rate(a[5s])) / on (job) group_left () b > 60",
            ),
            ("topk(3, rate(a[30s]))", "topk(3, rate(a[500ms]))"),
            (
                r#"rate(a{b=~"5.\\d|x\"y"}[1m])"#,
                r#"rate(a{b=~"5.\\d|x\"y"}[1s])"#,
            ),
        ] {
            assert_eq!(expression(whole, 60).unwrap_or_default(), expected);
        }
    }

    #[test]
    fn a_file_keeps_everything_else() {
        let text = "\
groups:
  - name: a
    interval: 30s
    rules:
      - alert: A
        expr: rate(x[5m]) > 5
        for: 2m
        keep_firing_for: 10m
        labels: {window: 5m}
        annotations: {summary: for 5m}
";
        let scaled = rule_file(&RuleFile::parse(text).unwrap(), 60).unwrap();
        let expected = text
            .replace("30s", "500ms")
            .replace("x[5m]", "x[5s]")
            .replace("2m", "2s")
            .replace("10m", "10s");
        assert_eq!(scaled, RuleFile::parse(&expected).unwrap());
    }

    #[test]
    fn durations_of_a_configuration_are_divided_by_key() {
        let text = "a:\n  group_wait: 30s # soon\n  - for: 1h\n  other: 5m\n";
        let expected = "a:\n  group_wait: 500ms # soon\n  - for: 1m\n  other: 5m\n";
        assert_eq!(yaml(text, &["group_wait", "for"], 60).unwrap(), expected);
        assert!(yaml("for: soon\n", &["for"], 60).is_err());
    }

    #[test]
    fn what_can_not_be_read_is_said_with_its_place() {
        let text = "groups: [{name: g, rules: [{alert: A, expr: 'rate(', for: 1m}]}]";
        let error = rule_file(&RuleFile::parse(text).unwrap(), 60).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.starts_with("group g: rule A: "), "{error}");
    }
}
