//! Web vitals as pages measured them: by the 75th percentile and by the share of
//! good views, never by an average.

use super::promql::{POINT, SHOWN, increase, of_job, quantile, within};
use super::{
    Column, Dashboard, Panel, Row, Thresholds, Unit, column, lines, query, row, stat, table,
};
use sightline_core::dashboard::WEB_VITALS;
use sightline_core::metric::BROWSER_VIEWS;
use sightline_core::names::{MOBILE, SERVICE_VERSION, URL_TEMPLATE_LABEL};
use sightline_core::web_vital::{ALL, CLS, FCP, INP, LCP, TTFB, WebVital};

const RELEASE: &str = "service_version=~\"$release\"";
/// A quarter of the views may be worse.
const P75: f64 = 0.75;
/// Where a share of good views is.
const GOOD: Thresholds = Thresholds::Above(0.5, 0.75);

pub fn dashboard() -> Dashboard {
    Dashboard {
        page: WEB_VITALS,
        about: "Core Web Vitals of real views, by route, device and release. A p75 is estimated within a bucket; a share of good views is exact.",
        services: &["browser_views_total"],
        rows: vec![
            numbers("Core Web Vitals", 4, &[LCP, INP, CLS]),
            numbers("Before them", 6, &[FCP, TTFB]),
            row(
                "p75 by device",
                vec![
                    course(&LCP, 8),
                    course(&INP, 8),
                    course(&CLS, 8),
                    course(&FCP, 12),
                    course(&TTFB, 12),
                ],
            ),
            row(
                "By route, release and device",
                vec![
                    by(
                        "By route",
                        "The 50 routes with the most views.",
                        &["job", URL_TEMPLATE_LABEL],
                    ),
                    by(
                        "By release",
                        "A release is slower where its p75 is above that of the others.",
                        &["job", SERVICE_VERSION],
                    ),
                    by(
                        "By device",
                        "Devices that call themselves mobile, and others.",
                        &["job", MOBILE],
                    ),
                ],
            ),
        ],
    }
}

fn unit(vital: &WebVital) -> Unit {
    match vital.metric.unit {
        "s" => Unit::Seconds,
        _ => Unit::Number,
    }
}

fn rating(vital: &WebVital) -> Thresholds {
    Thresholds::Below(vital.good, vital.fair)
}

fn title(vital: &WebVital) -> String {
    vital.name.to_uppercase()
}

fn numbers(name: &'static str, width: u8, vitals: &[WebVital]) -> Row {
    let of = |vital: &WebVital| {
        let p75 = format!("{}, p75", title(vital));
        let good = format!("{} good", title(vital));
        let about = format!("{} One view in four was above.", vital.metric.help);
        let histogram = vital.metric.name;
        [
            stat(
                &p75,
                &about,
                width,
                unit(vital),
                quantile(P75, "", histogram, RELEASE, SHOWN),
            )
            .rated(rating(vital)),
            stat(
                &good,
                "The share of views that web.dev calls good; 75 % is the aim.",
                width,
                Unit::Ratio,
                within("", histogram, vital.good, RELEASE, SHOWN),
            )
            .rated(GOOD),
        ]
    };
    row(name, vitals.iter().flat_map(of).collect())
}

fn course(vital: &WebVital, width: u8) -> Panel {
    let by = format!("job, {MOBILE}");
    let expr = quantile(P75, &by, vital.metric.name, RELEASE, POINT);
    let about = "One view in four was above. A point stands for at least 5 minutes.";
    lines(
        &title(vital),
        about,
        width,
        unit(vital),
        vec![query(expr, "{{job}} mobile: {{mobile}}").at_least("5m")],
    )
    .rated(rating(vital))
}

fn by(name: &str, about: &str, labels: &'static [&'static str]) -> Panel {
    let by = labels.join(", ");
    let views = increase(&by, &of_job(BROWSER_VIEWS.name, RELEASE));
    let mut columns = vec![column("views", Unit::Count, views)];
    columns.extend(ALL.iter().map(|vital| p75(vital, &by)));
    columns.extend([LCP, INP, CLS].iter().map(|vital| good(vital, &by)));
    table(name, about, labels, columns).top(50)
}

fn p75(vital: &WebVital, by: &str) -> Column {
    let expr = quantile(P75, by, vital.metric.name, RELEASE, SHOWN);
    column(vital.name, unit(vital), expr).rated(rating(vital))
}

fn good(vital: &WebVital, by: &str) -> Column {
    let title = match vital.name {
        "lcp" => "lcp good",
        "inp" => "inp good",
        _ => "cls good",
    };
    let expr = within(by, vital.metric.name, vital.good, RELEASE, SHOWN);
    column(title, Unit::Ratio, expr).rated(GOOD)
}
