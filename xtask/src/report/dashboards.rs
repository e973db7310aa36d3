//! The dashboards, drawn by what Prometheus says of the demo: for who has no Grafana
//! at hand. Panels that ask other stores show their query.

use super::chart::{self, Mark};
use super::number;
use super::page::escape;
use anyhow::Result;
use sightline_tests::grafana::{Answer, Chosen, Dashboard, Panel, Target, View};
use sightline_tests::line::Line;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const PAGE: &str = include_str!("dashboards.html");
/// Rows of a table; the rest is counted.
const MOST_ROWS: usize = 12;

/// The page, with the dashboards of `folder` as somebody sees them who opens them now.
pub fn html(line: &Line, folder: &Path, view: &View) -> Result<String> {
    let mut links = String::new();
    let mut body = String::new();
    for dashboard in Dashboard::all(folder)? {
        let chosen = dashboard.choose_all(&line.prometheus, view)?;
        let (uid, title) = (&dashboard.uid, escape(&dashboard.title));
        let short = title.trim_start_matches("Sightline / ");
        let _ = write!(links, "<a href=\"#{uid}\">{short}</a>");
        let _ = write!(
            body,
            "<h2 id=\"{uid}\">{title}</h2><p>{}</p><div class=\"grid\">",
            escape(&dashboard.about)
        );
        let marks = releases(&dashboard, line, view, &chosen)?;
        for panel in &dashboard.panels {
            body += &drawn(panel, line, view, &chosen, &marks)?;
        }
        body += "</div>";
    }
    let span = format!("{:.0}", view.to - view.from);
    let page = PAGE.replace("{links}", &links).replace("{seconds}", &span);
    Ok(page.replace("{body}", &body))
}

/// When releases were first seen.
fn releases(dashboard: &Dashboard, line: &Line, view: &View, chosen: &Chosen) -> Result<Vec<Mark>> {
    let mut marks = Vec::new();
    for annotation in dashboard.annotations.iter().filter(|one| one.is_time) {
        for series in annotation.ask(&line.prometheus, view, chosen)?.series {
            let times = series.points.iter().map(|point| point.1 / 1e3);
            marks.extend(times.map(|time| (time, series.name.clone())));
        }
    }
    Ok(marks)
}

fn drawn(
    panel: &Panel,
    line: &Line,
    view: &View,
    chosen: &Chosen,
    marks: &[Mark],
) -> Result<String> {
    let title = escape(&panel.title);
    if panel.kind == "row" {
        return Ok(format!("<h3>{title}</h3>"));
    }
    let content = match panel.datasource.as_str() {
        "prometheus" => {
            let asked = panel.targets.iter();
            let answers = asked.map(|target| target.ask(&line.prometheus, view, chosen));
            content(panel, &answers.collect::<Result<Vec<_>>>()?, view, marks)
        }
        _ => {
            let queries = panel.targets.iter().map(|target| escape(&target.expr));
            let queries = queries.collect::<Vec<_>>().join("\n");
            format!("<p class=\"soft\">Asks Loki, which does not run here:</p><pre>{queries}</pre>")
        }
    };
    Ok(format!(
        "<section class=\"{}\" style=\"grid-column:span {}\"><h4>{title}</h4>{content}<p class=\"about\">{}</p></section>",
        escape(&panel.kind),
        panel.width,
        escape(&panel.about)
    ))
}

fn content(panel: &Panel, answers: &[Answer], view: &View, marks: &[Mark]) -> String {
    let is_empty = answers.iter().all(|answer| answer.series.is_empty());
    let (Some(target), false) = (panel.targets.first(), is_empty) else {
        return "<p class=\"empty\">nothing in this demo</p>".to_owned();
    };
    let series: Vec<_> = answers
        .iter()
        .flat_map(|answer| answer.series.clone())
        .collect();
    match panel.kind.as_str() {
        "stat" => {
            let value = series.first().and_then(|one| one.points.last());
            let value = value.map_or(f64::NAN, |point| point.1);
            let text = number::text(rounded(value, &target.unit), &target.unit);
            format!(
                "<p class=\"number\" style=\"color:{}\">{text}</p>",
                rated(target, value)
            )
        }
        "table" => table(panel, answers, view),
        "heatmap" => chart::heatmap(panel, &series, view, view.step(0.0)),
        _ => chart::lines(panel, target, &series, view, marks),
    }
}

/// Whole things have no decimals.
fn rounded(value: f64, unit: &str) -> f64 {
    match unit {
        "short" => value.round(),
        _ => value,
    }
}

/// The colour that a value has by the thresholds.
fn rated(target: &Target, value: f64) -> &'static str {
    let is_rated = target.thresholds.len() > 1;
    let reached = target.thresholds.iter().rev();
    let mut reached = reached.filter(|(from, _)| from.is_none_or(|from| value >= from));
    match reached.next().filter(|_| is_rated && value.is_finite()) {
        Some((_, colour)) => chart::limit(colour),
        None => "inherit",
    }
}

/// A row for each set of labels, the one with the most of the first column on top.
fn table(panel: &Panel, answers: &[Answer], view: &View) -> String {
    let mut rows = BTreeMap::<&BTreeMap<String, String>, Vec<Option<f64>>>::new();
    for (at, answer) in answers.iter().enumerate() {
        for series in &answer.series {
            let cells = rows
                .entry(&series.labels)
                .or_insert_with(|| vec![None; answers.len()]);
            if let (Some(cell), Some(point)) = (cells.get_mut(at), series.points.last()) {
                *cell = Some(point.1);
            }
        }
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    let first = |cells: &[Option<f64>]| cells.first().copied().flatten().unwrap_or(f64::MIN);
    rows.sort_by(|one, other| first(&other.1).total_cmp(&first(&one.1)));
    let labels = &panel.labels;
    let mut text = String::from("<table><thead><tr>");
    for label in labels {
        let _ = write!(text, "<th>{}", escape(label));
    }
    for target in &panel.targets {
        let _ = write!(text, "<th class=\"right\">{}", escape(&target.column));
    }
    text += "</tr></thead><tbody>";
    for (of, cells) in rows.iter().take(MOST_ROWS) {
        text += "<tr>";
        for label in labels {
            let value = of.get(label).map_or("", String::as_str);
            let _ = write!(text, "<td>{}", escape(value));
        }
        for (target, cell) in panel.targets.iter().zip(cells) {
            let value = cell.unwrap_or(f64::NAN);
            let shown = match target.unit.as_str() {
                "dateTimeFromNow" => number::ago(value, view.to),
                unit => number::text(rounded(value, unit), unit),
            };
            let _ = write!(
                text,
                "<td class=\"right\" style=\"color:{}\">{shown}",
                rated(target, value)
            );
        }
        text += "</tr>";
    }
    text += "</tbody></table>";
    if let Some(more) = rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        let _ = write!(text, "<p class=\"soft\">and {more} more</p>");
    }
    text
}
