//! Mistakes in dashboards that Grafana would show as an empty or a wrong panel: found
//! before a file is written.

use super::dimension::Units;
use super::{Dashboard, Kind, Panel, Unit};
use crate::check::promql::{
    aggregation, all, bare, by, call, children, comparison, constant, name, operator,
};
use crate::check::{self, Settings, Source};
use crate::known::Registry;
use crate::rule_file::{Expression, Group, Rule, RuleFile};
use anyhow::Result;
use promql_parser::parser::{BinaryExpr, Expr, LabelModifier, parse};
use std::collections::{BTreeMap, BTreeSet};

/// Labels of which a query without `topk` may return every value: there are few.
const FEW: [&str; 30] = [
    "cluster",
    "job",
    "instance",
    "le",
    "signal",
    "reason",
    "result",
    "type",
    "probe",
    "version",
    "mobile",
    "objective",
    "exporter",
    "receiver",
    "data_type",
    "state",
    "alertname",
    "severity",
    "http_request_method",
    "namespace",
    "mountpoint",
    "device",
    "client",
    "server",
    "service_version",
    "rule_group",
    "status_code",
    "method",
    "url",
    "region",
];
/// The most rows or lines of a query with `topk`.
const MOST: f64 = 50.0;

/// One query of a panel.
struct Asked<'a> {
    place: String,
    expr: &'a str,
    unit: Unit,
}

/// Every problem of every dashboard; `rules` are what Prometheus records.
pub fn problems(dashboards: &[Dashboard], rules: &[RuleFile]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let recorded = recorded(rules);
    let registry = Registry::built_in();
    let units = Units {
        registry: &registry,
        recorded: &recorded,
        within: Vec::new(),
    };
    for dashboard in dashboards {
        problems.extend(of_layout(dashboard));
        for asked in asked(dashboard) {
            let found = of_query(&asked, &units);
            problems.extend(found.map(|why| format!("{}: {why}", asked.place)));
        }
    }
    problems.extend(of_linter(dashboards, rules)?);
    Ok(problems)
}

/// What a person would see at once.
fn of_layout(dashboard: &Dashboard) -> Vec<String> {
    let mut problems = Vec::new();
    let mut titles = BTreeSet::new();
    for row in &dashboard.rows {
        let mut x = 0;
        for panel in &row.panels {
            let place = format!("{}: {}", dashboard.page.uid, panel.title);
            if !titles.insert((row.title, panel.title.as_str())) {
                problems.push(format!("{place}: twice in a row"));
            }
            if let Kind::Logs(expr) | Kind::LogTable { expr, .. } = &panel.kind
                && expr
                    .split('`')
                    .skip(1)
                    .step_by(2)
                    .any(|raw| raw.contains('$'))
            {
                problems.push(format!(
                    "{place}: a variable in backticks, where what Grafana escapes stays escaped: {expr}"
                ));
            }
            if panel.title.is_empty() || !panel.about.ends_with('.') {
                problems.push(format!("{place}: a title and a sentence, please"));
            }
            x = if x + panel.width > 24 {
                panel.width
            } else {
                x + panel.width
            };
        }
        if x != 24 {
            problems.push(format!(
                "{}: {} does not fill its lines",
                dashboard.page.uid, row.title
            ));
        }
    }
    problems
}

fn asked(dashboard: &Dashboard) -> Vec<Asked<'_>> {
    let panels = dashboard.rows.iter().flat_map(|row| &row.panels);
    let place = |panel: &Panel| format!("{}: {}", dashboard.page.uid, panel.title);
    let asked = panels.flat_map(|panel| {
        let queries = queries(panel).into_iter();
        queries.map(move |(expr, unit)| Asked {
            place: place(panel),
            expr,
            unit,
        })
    });
    asked.collect()
}

pub(super) fn queries(panel: &Panel) -> Vec<(&str, Unit)> {
    match &panel.kind {
        Kind::TimeSeries { queries, .. } => {
            let queries = queries.iter();
            queries.map(|query| (&*query.expr, panel.unit)).collect()
        }
        Kind::Stat(expr) => vec![(expr, panel.unit)],
        // Its cells are counts; its unit is that of the axis.
        Kind::Heatmap(expr) => vec![(expr, Unit::Count)],
        Kind::Table(table) => {
            let columns = table.columns.iter();
            columns.map(|column| (&*column.expr, column.unit)).collect()
        }
        Kind::Logs(_) | Kind::LogTable { .. } => Vec::new(),
    }
}

/// A query as Prometheus reads it.
fn filled(expr: &str) -> String {
    let expr = expr.replace("$__rate_interval", "5m");
    expr.replace("$__range", "1h").replace("$__interval", "1m")
}

fn of_query(asked: &Asked<'_>, units: &Units<'_>) -> Option<String> {
    let text = asked.expr;
    let expr = match parse(&filled(text)) {
        Ok(expr) => expr,
        Err(why) => return Some(format!("{why}: {text}")),
    };
    let windows = text.match_indices('[').map(|(at, _)| &text[at + 1..]);
    if let Some(window) = windows.clone().find(|window| !window.starts_with("$__")) {
        let window = window.split(']').next().unwrap_or_default();
        return Some(format!(
            "a window of its own, {window:?}: it must follow the time that is shown"
        ));
    }
    if let Some(name) = raw_counter(&expr, units.registry) {
        return Some(format!("{name} only grows, and needs a rate: {text}"));
    }
    if !is_bounded(&expr) {
        return Some(format!("may return as many series as there are: {text}"));
    }
    if has_bare_quantile(&expr) {
        return Some(format!(
            "a quantile of nothing is NaN, which `>= 0` leaves out: {text}"
        ));
    }
    match units.of(&expr) {
        Err(why) => Some(format!("{why}: {text}")),
        Ok(Some(of)) if !asked.unit.fits(of) => {
            Some(format!("{of:?} is not shown as {:?}: {text}", asked.unit))
        }
        Ok(_) if asked.unit != Unit::Time && has_factor(&expr) => Some(format!(
            "a factor, where the unit is Grafana's business: {text}"
        )),
        Ok(_) => None,
    }
}

/// A counter as it stands: drawn, it tells how long a process runs. Its series may
/// be counted.
fn raw_counter<'a>(expr: &'a Expr, registry: &Registry) -> Option<&'a str> {
    match expr {
        Expr::Aggregate(inner) if aggregation(inner) == "count" => None,
        Expr::VectorSelector(selector) => {
            let name = name(selector)?;
            registry.series(name)?.is_counter().then_some(name)
        }
        other => {
            let mut inner = children(other).into_iter();
            inner.find_map(|inner| raw_counter(inner, registry))
        }
    }
}

/// Whether a quantile stands in no comparison, as which alone it is never NaN.
fn has_bare_quantile(expr: &Expr) -> bool {
    if call(expr).is_some_and(|(function, _)| function == "histogram_quantile") {
        return true;
    }
    comparison(expr).is_none() && children(expr).into_iter().any(has_bare_quantile)
}

/// Whether no more series come out than fit a panel.
fn is_bounded(expr: &Expr) -> bool {
    let few = |labels: &[String]| labels.iter().all(|label| FEW.contains(&label.as_str()));
    match bare(expr) {
        Expr::Aggregate(inner) => match (aggregation(inner).as_str(), inner.param.as_deref()) {
            ("topk" | "bottomk", Some(count)) => constant(count).is_some_and(|most| most <= MOST),
            _ => few(by(inner)),
        },
        Expr::Binary(binary) => {
            let (left, right) = (is_bounded(&binary.lhs), is_bounded(&binary.rhs));
            let is_number = constant(&binary.lhs).is_some();
            match operator(binary).as_str() {
                "or" => left && right,
                "and" => left || right && has_partners(binary),
                // What has no partner falls out.
                _ if is_number => right,
                _ => left,
            }
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => true,
        other => match call(other) {
            Some(("vector" | "time", _)) => true,
            Some(("histogram_quantile", arguments)) => {
                arguments.last().is_some_and(|last| is_bounded(last))
            }
            Some((_, arguments)) => arguments.first().is_some_and(|first| is_bounded(first)),
            None => false,
        },
    }
}

/// Whether of the left side's rows each has one of the right side's.
fn has_partners(binary: &BinaryExpr) -> bool {
    let matching = binary.modifier.as_ref().and_then(|of| of.matching.as_ref());
    let Some(LabelModifier::Include(on)) = matching else {
        return false;
    };
    let left = all(&binary.lhs);
    let mut summed = left.into_iter().filter_map(|inner| match inner {
        Expr::Aggregate(inner) => Some(by(inner)),
        _ => None,
    });
    let rows = summed.next();
    rows.is_some_and(|rows| {
        rows.iter()
            .all(|row| row == "le" || on.labels.contains(row))
    })
}

/// Whether a value is multiplied by a number, other than by none of it.
fn has_factor(expr: &Expr) -> bool {
    all(expr).into_iter().any(|inner| match inner {
        Expr::Binary(binary) if operator(binary) == "*" => {
            let factors = [constant(&binary.lhs), constant(&binary.rhs)];
            factors.into_iter().flatten().any(|factor| factor != 0.0)
        }
        _ => false,
    })
}

fn recorded(rules: &[RuleFile]) -> BTreeMap<String, String> {
    let rules = rules
        .iter()
        .flat_map(|file| &file.groups)
        .flat_map(|group| &group.rules);
    let recorded = rules.filter_map(|rule| Some((rule.record.clone()?, rule.expr.text.clone())));
    recorded.collect()
}

/// What is a mistake in a rule is one in a panel.
fn of_linter(dashboards: &[Dashboard], rules: &[RuleFile]) -> Result<Vec<String>> {
    const OURS: &str = "dashboards";
    let asked: Vec<_> = dashboards.iter().flat_map(asked).collect();
    let as_rules = asked.iter().enumerate().map(|(number, asked)| Rule {
        record: Some(format!("panel:{number}")),
        alert: None,
        expr: Expression::from(filled(asked.expr)),
        hold: None,
        keep_firing_for: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
    });
    let group = Group {
        name: OURS.into(),
        interval: None,
        limit: None,
        rules: as_rules.collect(),
    };
    let ours = RuleFile {
        groups: vec![group],
    };
    let mut sources = vec![Source {
        name: OURS.into(),
        text: ours.to_yaml()?,
    }];
    for (number, file) in rules.iter().enumerate() {
        sources.push(Source {
            name: format!("rules {number}"),
            text: file.to_yaml()?,
        });
    }
    let settings = Settings {
        is_strict: true,
        ..Settings::default()
    };
    let outcome = check::run(&sources, &settings);
    let findings = outcome
        .findings
        .into_iter()
        .filter(|finding| finding.file == OURS);
    let told = findings.map(|finding| {
        let number = finding
            .rule
            .strip_prefix("panel:")
            .and_then(|text| text.parse().ok());
        let asked = number.and_then(|number: usize| asked.get(number));
        let (place, expr) = asked.map_or(("?", ""), |asked| (&asked.place, asked.expr));
        format!("{place}: {}: {}: {expr}", finding.check, finding.message)
    });
    Ok(told.chain(outcome.unreadable).collect())
}
