//! Dashboards: what each shows, as data, from which Grafana's JSON is made. A panel
//! has a title, a sentence and a unit or it can't be written down; places, numbers
//! and variables follow from what is there.

mod browser_errors;
mod business;
pub mod check;
mod dependencies;
mod dimension;
mod edge;
mod infrastructure;
mod json;
mod overview;
mod pipeline;
mod promised;
mod promql;
mod red;
mod slo;
#[cfg(test)]
mod tests;
mod unit;
mod variable;
mod web_vitals;

pub use unit::Unit;

use crate::objective::Document;
use promised::Promised;
use sightline_core::dashboard::Dashboard as Page;

/// A dashboard.
pub struct Dashboard {
    /// Its uid and title.
    pub page: Page,
    /// What it answers, in a sentence.
    pub about: &'static str,
    /// Series whose `job` are the services to choose from.
    services: &'static [&'static str],
    rows: Vec<Row>,
}

/// Panels under a heading.
struct Row {
    title: &'static str,
    panels: Vec<Panel>,
}

/// A panel.
struct Panel {
    title: String,
    /// What it shows and what to make of it.
    about: String,
    /// Of the 24 columns.
    width: u8,
    kind: Kind,
    unit: Unit,
    thresholds: Thresholds,
    /// What makes its numbers, where that comes neither with Sightline nor with the
    /// example shop.
    needs: Option<&'static str>,
}

/// How a panel shows its numbers.
enum Kind {
    /// Lines over time.
    TimeSeries {
        queries: Vec<Query>,
        is_stacked: bool,
    },
    /// One number of all the time that is shown.
    Stat(String),
    /// Counts by size over time.
    Heatmap(String),
    /// A row for each combination of labels.
    Table(Table),
    /// Lines of a log, by LogQL.
    Logs(String),
    /// A table of counts, by LogQL.
    LogTable { by: &'static str, expr: String },
}

/// Lines of a panel.
struct Query {
    expr: String,
    legend: String,
    /// Whether single requests with their traces are shown upon it.
    has_exemplars: bool,
    /// The least that a point stands for: a few views tell nothing.
    least_step: Option<&'static str>,
}

/// A table.
struct Table {
    /// The labels that make a row.
    by: &'static [&'static str],
    columns: Vec<Column>,
    /// Where a row leads.
    links: Vec<Link>,
}

/// A column of a table.
struct Column {
    title: &'static str,
    unit: Unit,
    expr: String,
    thresholds: Thresholds,
}

/// Where a row or a line leads.
#[derive(Clone, Copy)]
enum Link {
    /// To the traces of a span of this service, by the labels that name the two.
    Traces {
        service: &'static str,
        operation: &'static [&'static str],
    },
    /// To a service's log, narrowed by an attribute that a label has.
    Logs {
        service: &'static str,
        attribute: &'static str,
        label: &'static str,
    },
    /// To another dashboard, of the service that a label names.
    Dashboard(&'static str),
}

/// Where a value becomes one to look at, and a bad one.
#[derive(Clone, Copy)]
enum Thresholds {
    None,
    /// Good up to the first, bad beyond the second.
    Below(f64, f64),
    /// Bad up to the first, good beyond the second.
    Above(f64, f64),
}

/// All dashboards, with the objectives of a document.
pub fn all(document: &Document) -> Vec<Dashboard> {
    let promised = Promised::by(document);
    vec![
        overview::dashboard(promised),
        red::dashboard(promised),
        edge::dashboard(),
        web_vitals::dashboard(),
        browser_errors::dashboard(),
        dependencies::dashboard(),
        infrastructure::dashboard(),
        business::dashboard(),
        slo::dashboard(document),
        pipeline::dashboard(),
    ]
}

fn row(title: &'static str, panels: Vec<Panel>) -> Row {
    Row { title, panels }
}

fn panel(title: &str, about: &str, width: u8, unit: Unit, kind: Kind) -> Panel {
    Panel {
        title: title.to_owned(),
        about: about.to_owned(),
        width,
        kind,
        unit,
        thresholds: Thresholds::None,
        needs: None,
    }
}

fn lines(title: &str, about: &str, width: u8, unit: Unit, queries: Vec<Query>) -> Panel {
    let is_stacked = false;
    let kind = Kind::TimeSeries {
        queries,
        is_stacked,
    };
    panel(title, about, width, unit, kind)
}

fn stat(title: &str, about: &str, width: u8, unit: Unit, expr: String) -> Panel {
    panel(title, about, width, unit, Kind::Stat(expr))
}

fn table(title: &str, about: &str, by: &'static [&'static str], columns: Vec<Column>) -> Panel {
    let links = Vec::new();
    let kind = Kind::Table(Table { by, columns, links });
    panel(title, about, 24, Unit::Count, kind)
}

fn query(expr: String, legend: &str) -> Query {
    Query {
        expr,
        legend: legend.to_owned(),
        has_exemplars: false,
        least_step: None,
    }
}

fn column(title: &'static str, unit: Unit, expr: String) -> Column {
    Column {
        title,
        unit,
        expr,
        thresholds: Thresholds::None,
    }
}

impl Panel {
    /// What it shows, also of what is not chosen, and what that takes.
    fn description(&self) -> String {
        let mut text = self.about.clone();
        let queries = match &self.kind {
            Kind::Logs(expr) | Kind::LogTable { expr, .. } => vec![expr.as_str()],
            _ => check::queries(self)
                .into_iter()
                .map(|(expr, _)| expr)
                .collect(),
        };
        let chosen = [("$job", "services"), ("$environment", "environments")];
        let ignored = chosen.into_iter().filter(|(variable, _)| {
            let mut queries = queries.iter();
            queries.any(|query| !query.contains(variable))
        });
        let ignored: Vec<_> = ignored.map(|(_, what)| what).collect();
        if !ignored.is_empty() {
            text += &format!(" Of all {}.", ignored.join(" and "));
        }
        if let Some(part) = self.needs {
            text += &format!(" Needs {part}.");
        }
        text
    }

    fn rated(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    fn stacked(mut self) -> Self {
        if let Kind::TimeSeries { is_stacked, .. } = &mut self.kind {
            *is_stacked = true;
        }
        self
    }

    fn linked(mut self, to: &[Link]) -> Self {
        if let Kind::Table(table) = &mut self.kind {
            table.links = to.to_vec();
        }
        self
    }

    /// Of a table so many rows, the highest by its first column.
    fn top(mut self, count: u8) -> Self {
        if let Kind::Table(table) = &mut self.kind
            && let Some((first, others)) = table.columns.split_first_mut()
        {
            first.expr = promql::top(count, &first.expr);
            for other in others {
                let by = table.by.join(", ");
                other.expr = format!("({}) and on ({by}) {}", other.expr, first.expr);
            }
        }
        self
    }

    fn needs(mut self, part: &'static str) -> Self {
        self.needs = Some(part);
        self
    }

    fn wide(mut self, width: u8) -> Self {
        self.width = width;
        self
    }
}

impl Query {
    fn with_exemplars(mut self) -> Self {
        self.has_exemplars = true;
        self
    }

    fn at_least(mut self, step: &'static str) -> Self {
        self.least_step = Some(step);
        self
    }
}

impl Column {
    fn rated(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }
}

impl Dashboard {
    /// How many panels it has.
    pub fn panels(&self) -> usize {
        self.rows.iter().map(|row| row.panels.len()).sum()
    }
}
