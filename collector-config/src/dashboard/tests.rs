//! That each check of dashboards can fail, and that ours pass them.

use super::check::problems;
use super::promql::{of_job, rate, share};
use super::*;
use crate::objective::Events;
use crate::rule_file::RuleFile;
use sightline_core::dashboard;
use std::path::Path;

fn shipped() -> (Document, Vec<RuleFile>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(folder.join("slo.yaml")).unwrap();
    let rules = std::fs::read_dir(folder.join("rules"))
        .unwrap()
        .map(|entry| {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            RuleFile::parse(&text).unwrap()
        });
    (Document::parse(&document).unwrap(), rules.collect())
}

#[test]
fn ours_have_no_problem_and_there_is_one_for_each_uid() {
    let (document, rules) = shipped();
    let ours = all(&document);
    let pages: Vec<_> = ours.iter().map(|one| one.page).collect();
    assert_eq!(pages, dashboard::ALL);
    assert_eq!(problems(&ours, &rules).unwrap(), Vec::<String>::new());
}

fn with(panels: Vec<Panel>) -> Dashboard {
    Dashboard {
        page: dashboard::RED,
        about: "A test.",
        services: &["up"],
        rows: vec![row("Row", panels)],
    }
}

#[test]
fn what_would_be_an_empty_or_a_wrong_panel_is_a_problem() {
    let requests = rate("job", &of_job("http_requests_total", ""));
    let duration = "sum by (job) (rate(http_request_duration_seconds_sum[$__rate_interval]))";
    for (why, unit, expr) in [
        ("does not parse", Unit::Count, "sum(".to_owned()),
        (
            "a counter without rate",
            Unit::Count,
            "sum(http_requests_total)".into(),
        ),
        (
            "nobody makes it",
            Unit::Count,
            "sum(http_request_total)".into(),
        ),
        (
            "no such label",
            Unit::PerSecond,
            rate("route", "http_requests_total"),
        ),
        (
            "no bound",
            Unit::PerSecond,
            rate("", "http_request_duration_seconds_bucket{le=\"0.51\"}"),
        ),
        (
            "a window of its own",
            Unit::PerSecond,
            "sum(rate(http_requests_total[5m]))".into(),
        ),
        (
            "every route",
            Unit::PerSecond,
            rate("endpoint", "http_requests_total"),
        ),
        ("every series", Unit::Count, "sightline_edge_vms".into()),
        (
            "a quantile of nothing is no number",
            Unit::Seconds,
            "histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket[$__range])))".into(),
        ),
        (
            "partners for more rows than there are",
            Unit::PerSecond,
            format!("{} and on (job) {requests}", rate("job, endpoint", "http_requests_total")),
        ),
        (
            "too many",
            Unit::Count,
            "topk(1000, sightline_edge_vms)".into(),
        ),
        ("a rate is no count", Unit::Count, requests.clone()),
        ("a rate is no ratio", Unit::Ratio, requests.clone()),
        (
            "seconds each second are a number",
            Unit::Seconds,
            duration.into(),
        ),
        (
            "a percentage",
            Unit::Ratio,
            format!("100 * {}", share(&requests, &requests)),
        ),
        (
            "apples and seconds",
            Unit::Number,
            format!("{requests} + {duration}"),
        ),
        (
            "an average of a vital",
            Unit::Seconds,
            share(
                "sum(rate(browser_web_vital_lcp_seconds_sum[$__range]))",
                "sum(rate(browser_web_vital_lcp_seconds_count[$__range]))",
            ),
        ),
    ] {
        let wrong = with(vec![stat("A", "A sentence.", 24, unit, expr.clone())]);
        assert!(
            !problems(&[wrong], &[]).unwrap().is_empty(),
            "{why}: {expr}"
        );
    }
    let right = with(vec![stat(
        "A",
        "A sentence.",
        24,
        Unit::RequestsPerSecond,
        requests.clone(),
    )]);
    assert_eq!(problems(&[right], &[]).unwrap(), Vec::<String>::new());
    for (title, about, width) in [
        ("", "A sentence.", 24),
        ("A", "", 24),
        ("A", "A sentence.", 12),
    ] {
        let wrong = with(vec![stat(
            title,
            about,
            width,
            Unit::RequestsPerSecond,
            requests.clone(),
        )]);
        assert!(
            !problems(&[wrong], &[]).unwrap().is_empty(),
            "{title} {about} {width}"
        );
    }
}

#[test]
fn requests_are_rated_by_what_is_promised_of_them() {
    let promise = |failed: f64, seconds: f64| {
        let (mut document, _) = shipped();
        for one in &mut document.objectives {
            match &mut one.events {
                Events::Requests => one.target_percent = 100.0 - 100.0 * failed,
                Events::RequestsWithin(within) => *within = seconds,
                _ => {}
            }
        }
        document
    };
    for (failed, seconds) in [(0.001, 0.5), (0.02, 2.0)] {
        let mut seen = [0, 0];
        for one in &all(&promise(failed, seconds))[..2] {
            let panels = one.rows.iter().flat_map(|row| &row.panels);
            let rated = panels.flat_map(|panel| match &panel.kind {
                Kind::Table(table) => {
                    let columns = table.columns.iter();
                    columns.map(|of| (&*of.expr, of.thresholds)).collect()
                }
                _ => Vec::from_iter(
                    check::queries(panel)
                        .first()
                        .map(|of| (of.0, panel.thresholds)),
                ),
            });
            for (expr, rating) in rated {
                let good = rating.good();
                if expr.contains("5..") && expr.contains('/') {
                    assert_eq!(good, Some(failed), "{expr}");
                    seen[0] += 1;
                } else if expr.contains("http_request_duration_seconds") && good.is_some() {
                    assert_eq!(good, Some(seconds), "{expr}");
                    seen[1] += 1;
                }
            }
        }
        assert!(seen[0] >= 5 && seen[1] >= 7, "{seen:?}");
    }
}

#[test]
fn every_column_of_a_table_tells_of_the_rows_of_the_first() {
    let routes = rate("endpoint", "http_requests_total");
    let columns = ["a", "b"].map(|title| column(title, Unit::PerSecond, routes.clone()));
    let page = with(vec![
        table("A", "A sentence.", &["endpoint"], columns.into()).top(5),
    ]);
    assert_eq!(problems(&[page], &[]).unwrap(), Vec::<String>::new());

    let (document, _) = shipped();
    let ours = all(&document);
    let mut seen = 0;
    for panel in ours
        .iter()
        .flat_map(|one| &one.rows)
        .flat_map(|row| &row.panels)
    {
        let Kind::Table(table) = &panel.kind else {
            continue;
        };
        let first = &table.columns[0].expr;
        for other in table.columns.iter().skip(1) {
            let is_cut = first.starts_with("topk") || other.expr.contains("topk");
            seen += usize::from(is_cut);
            assert!(
                !is_cut || other.expr.ends_with(&format!(") {first}")),
                "{}: {}",
                panel.title,
                other.expr
            );
        }
    }
    assert!(seen > 10);
}

#[test]
fn a_variable_in_backticks_is_a_problem_in_logql() {
    for (expr, is_wrong) in [
        ("{service_name=~`$job`}", true),
        ("{service_name=\"a\"} | x=`b` | y=~`$release`", true),
        ("{service_name=~\"$job\"} | x=`b` | y=~\"$release\"", false),
    ] {
        let logs = Kind::Logs(expr.into());
        let page = with(vec![panel("A", "A sentence.", 24, Unit::Count, logs)]);
        let problems = problems(&[page], &[]).unwrap();
        assert_eq!(!problems.is_empty(), is_wrong, "{expr}: {problems:?}");
    }
}

#[test]
fn a_file_has_the_variables_that_it_mentions_and_no_data_source_by_name() {
    let (document, _) = shipped();
    for one in all(&document) {
        let file: serde_json::Value = serde_json::from_str(&one.json()).unwrap();
        let list = file["templating"]["list"].as_array().unwrap();
        let defined: Vec<_> = list
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        let text = one.json();
        for (at, _) in text.match_indices('$') {
            let rest = text[at + 1..].trim_start_matches('{');
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let name = &rest[..end.unwrap_or(rest.len())];
            let is_grafanas = name.starts_with("__");
            assert!(
                is_grafanas || defined.contains(&name),
                "{}: ${name}",
                one.page.uid
            );
        }
        for name in &defined {
            let mentions = text.matches(&format!("${name}")).count()
                + text.matches(&format!("${{{name}")).count();
            assert!(mentions > 0, "{}: {name} does nothing", one.page.uid);
        }
        for panel in file["panels"].as_array().unwrap() {
            let is_row = panel["type"] == "row";
            let uid = panel["datasource"]["uid"].as_str().unwrap_or_default();
            assert!(
                is_row || uid == "${datasource}" || uid == "${logs}",
                "{panel}"
            );
        }
    }
}

#[test]
fn panels_do_not_overlap_and_have_numbers_of_their_own() {
    let (document, _) = shipped();
    for one in all(&document) {
        let file: serde_json::Value = serde_json::from_str(&one.json()).unwrap();
        let mut taken = std::collections::BTreeSet::new();
        for (at, panel) in file["panels"].as_array().unwrap().iter().enumerate() {
            assert_eq!(panel["id"], at + 1);
            let of = |side: &str| panel["gridPos"][side].as_u64().unwrap();
            for x in of("x")..of("x") + of("w") {
                for y in of("y")..of("y") + of("h") {
                    assert!(
                        x < 24 && taken.insert((x, y)),
                        "{}: {}",
                        one.page.uid,
                        panel["title"]
                    );
                }
            }
        }
    }
}
