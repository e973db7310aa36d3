//! Every panel of every shipped dashboard, asked of a Prometheus that a person's
//! visits to the shop filled: none is empty, none shows what its unit can't be, none
//! costs more than it may.

mod feed;
mod live;

use feed::Feed;
use sightline_tests::grafana::{Chosen, Dashboard, Panel, Target, View};
use sightline_tests::line::Line;
use sightline_tests::parts;
use sightline_tests::prometheus::Prometheus;
use std::collections::BTreeMap;

const PARTS: [&str; 10] = [
    parts::ENVOY,
    parts::FILTER,
    parts::OTELCOL,
    parts::PROMETHEUS,
    parts::NODE_EXPORTER,
    parts::CHROMIUM,
    parts::NODE,
    parts::PLAYWRIGHT,
    parts::SHOP_PYTHON,
    parts::SHOP_WEB,
];

/// The most samples that Prometheus may read for a panel that shows ten minutes of the
/// shop: README, Dashboards.
const MOST_SAMPLES: u64 = 150_000;
/// More lines or rows nobody reads.
const MOST_SERIES: usize = 120;

#[test]
fn every_panel_shows_something_that_its_unit_can_be_at_a_bounded_cost() {
    if !parts::all_present(&PARTS) {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let line = Line::start(folder.path(), |_| {}).unwrap();
    let feed = Feed::start(line.collector.internal_port);
    let view = line.visits().unwrap();
    assert_choices(&line, &view);
    let shipped = Dashboard::all(&parts::repository().join("collector-config/dashboards")).unwrap();
    let mut problems = Vec::new();
    let mut costs = BTreeMap::new();
    for dashboard in &shipped {
        let chosen = dashboard.choose_all(&line.prometheus, &view).unwrap();
        for panel in dashboard
            .panels
            .iter()
            .filter(|panel| panel.datasource == "prometheus")
        {
            let place = format!("{} / {}", dashboard.uid, panel.title);
            let mut samples = 0;
            for target in &panel.targets {
                match asked(panel, target, &line.prometheus, &view, &chosen) {
                    Ok(read) => samples += read,
                    Err(why) => problems.push(format!("{place}: {why}")),
                }
            }
            if samples > MOST_SAMPLES {
                problems.push(format!("{place}: {samples} samples"));
            }
            costs.insert(place, samples);
        }
        for annotation in &dashboard.annotations {
            let marks = annotation.ask(&line.prometheus, &view, &chosen).unwrap();
            let is_empty = marks.series.is_empty();
            // Alerts need not fire.
            assert!(
                !annotation.is_time || !is_empty,
                "{}: no release",
                dashboard.uid
            );
        }
    }
    live::assert_told(&line, folder.path());
    feed.end().unwrap();
    let mut dearest: Vec<_> = costs
        .iter()
        .map(|(place, samples)| (samples, place))
        .collect();
    dearest.sort_by(|one, other| other.cmp(one));
    println!(
        "{} panels over {:.0} s; samples read, the dearest first",
        costs.len(),
        view.to - view.from
    );
    for (samples, place) in dearest.iter().take(10) {
        println!("{samples:>8}  {place}");
    }
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

/// How many samples a query read; or what is wrong with what it returned.
fn asked(
    panel: &Panel,
    target: &Target,
    prometheus: &Prometheus,
    view: &View,
    chosen: &Chosen,
) -> Result<u64, String> {
    let answer = target
        .ask(prometheus, view, chosen)
        .map_err(|why| format!("{why:#}"))?;
    let query = || target.filled(view, chosen);
    let points = answer.series.iter().flat_map(|series| &series.points);
    let values: Vec<f64> = points.map(|point| point.1).collect();
    if values.is_empty() {
        return Err(format!("nothing: {}", query()));
    }
    let unit = match panel.kind.as_str() {
        "heatmap" => "short",
        _ => target.unit.as_str(),
    };
    if let Some(wrong) = values.iter().find(|value| !can_be(unit, **value, view)) {
        return Err(format!("{wrong} in {unit}: {}", query()));
    }
    if answer.series.len() > MOST_SERIES {
        return Err(format!("{} series: {}", answer.series.len(), query()));
    }
    if target.has_exemplars {
        let [from, to] = [view.from, view.to].map(|time| time.to_string());
        let asked = [("query", query()), ("start", from), ("end", to)];
        let asked = asked
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let found = prometheus.ask("query_exemplars", &asked);
        let found = found.map_err(|why| format!("{why:#}"))?.to_string();
        if !found.contains("\"trace_id\"") {
            return Err(format!("no exemplar leads to a trace: {}", query()));
        }
    }
    Ok(answer.samples)
}

/// Whether a value of this unit can be what it is.
fn can_be(unit: &str, value: f64, view: &View) -> bool {
    let day = 86400.0;
    match unit {
        "percentunit" => (0.0..=1.0 + 1e-9).contains(&value),
        "dateTimeFromNow" => ((view.from - day) * 1e3..=view.to * 1e3).contains(&value),
        // A budget can be overdrawn.
        "none" => value.is_finite(),
        "s" | "bytes" | "Bps" | "short" | "reqps" | "cps" => value >= 0.0 && value.is_finite(),
        _ => false,
    }
}

/// A person chooses an environment: services that are in it, and its data alone.
fn assert_choices(line: &Line, view: &View) {
    let path = parts::repository().join("collector-config/dashboards/sightline-red.json");
    let dashboard = Dashboard::read(&path).unwrap();
    let none = Chosen::new();
    let environments = dashboard.offers("environment", &line.prometheus, view, &none);
    assert_eq!(environments.unwrap(), ["demo"]);
    for (environment, services) in [
        (".*", &["edge", "edge-api"][..]),
        ("demo", &["edge", "edge-api"]),
        ("production", &[]),
    ] {
        let chosen = Chosen::from([("environment".to_owned(), environment.to_owned())]);
        let offered = dashboard.offers("job", &line.prometheus, view, &chosen);
        assert_eq!(offered.unwrap(), services, "{environment}");
    }
    let mut chosen = dashboard.choose_all(&line.prometheus, view).unwrap();
    chosen.insert("environment".to_owned(), "production".to_owned());
    for target in dashboard.panels.iter().flat_map(|panel| &panel.targets) {
        let answer = target.ask(&line.prometheus, view, &chosen).unwrap();
        assert!(answer.series.is_empty(), "{}", target.expr);
    }
}
