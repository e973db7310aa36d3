//! Whether the dashboards that the service has show it.

use super::watch::some_of;
use super::{Asked, Said};
use crate::grafana::{Dashboard, Target, View, escaped};
use anyhow::{Context, Result};
use std::time::SystemTime;

/// What a dashboard shows that was just opened.
const SHOWN_SECONDS: f64 = 3600.0;
/// Those of an edge and its pages, of pages, and of the example's own metrics; the others show
/// what services share.
const OF_EDGE: [&str; 4] = [
    "sightline-overview",
    "sightline-red",
    "sightline-edge",
    "sightline-slo",
];
const OF_PAGES: [&str; 2] = ["sightline-web-vitals", "sightline-browser-errors"];
const OF_EXAMPLE: &str = "sightline-business";

pub fn filled(asked: &Asked) -> Result<Said> {
    let prometheus = asked.prometheus()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = now.as_secs_f64().floor();
    let view = View {
        from: now - SHOWN_SECONDS,
        to: now,
        scrape: 15.0,
        points: 120.0,
        divisor: 1.0,
    };
    let (mut panels, mut empty, mut dark, mut left_out) = (0, Vec::new(), Vec::new(), Vec::new());
    for dashboard in Dashboard::all(&asked.plan.ours.join("dashboards"))? {
        let uid = dashboard.uid.as_str();
        let pages = asked.plan.pages.iter();
        let jobs: Vec<_> = if OF_EDGE.contains(&uid) {
            pages.chain([&asked.plan.service]).collect()
        } else if OF_PAGES.contains(&uid) {
            pages.collect()
        } else {
            Vec::new()
        };
        if OF_PAGES.contains(&uid) && jobs.is_empty() {
            left_out.push(format!("{uid} (no `pages`)"));
            continue;
        }
        let chosen = dashboard.choose_all(prometheus, &view);
        let mut chosen = chosen.context(uid.to_owned())?;
        if !jobs.is_empty() {
            let jobs: Vec<_> = jobs.iter().map(|job| escaped(job)).collect();
            chosen.insert("job".to_owned(), format!("({})", jobs.join("|")));
        }
        let (mut shown, mut blank) = (0, Vec::new());
        for panel in &dashboard.panels {
            // Others show something without this service, or without any.
            let tells = |target: &Target| match jobs.is_empty() {
                true => !target.expr.contains("vector("),
                false => target.expr.contains("$job"),
            };
            if panel.datasource != "prometheus" || !panel.targets.iter().any(tells) {
                continue;
            }
            let place = format!("{uid}: {}", panel.title);
            let mut has_data = false;
            for target in panel.targets.iter().filter(|target| tells(target)) {
                let answer = target
                    .ask(prometheus, &view, &chosen)
                    .context(place.clone())?;
                let mut points = answer.series.iter().flat_map(|series| &series.points);
                has_data |= points.any(|(_, value)| value.is_finite());
                if has_data {
                    break;
                }
            }
            match has_data {
                true => shown += 1,
                false => blank.push(place),
            }
        }
        match shown {
            0 if uid == OF_EXAMPLE => left_out.push(format!("{uid} (the example's metrics)")),
            0 => dark.push(uid.to_owned()),
            _ => {
                panels += shown + blank.len();
                empty.extend(blank);
            }
        }
    }
    let mut found = format!("{} of {panels} panels have data", panels - empty.len());
    for (what, list) in [
        ("nothing at all in", &dark),
        ("none in", &empty),
        ("not asked:", &left_out),
    ] {
        if !list.is_empty() {
            found += &format!("; {what} {}", some_of(list));
        }
    }
    // A panel may well be empty: of errors, where there are none.
    Ok((Some(dark.is_empty()), found))
}
