//! Errors of pages: how many, which, since when. Types are labels and counted;
//! fingerprints are too many for labels and counted in the log.

use super::promql::{
    FIRST_ERROR, increase, of_job, of_log, or_none_of, rate, recorded, share, top,
};
use super::{
    Dashboard, Kind, Link, Row, Thresholds, Unit, column, lines, panel, query, row, stat, table,
};
use sightline_core::dashboard::BROWSER_ERRORS;
use sightline_core::metric::{BROWSER_EXCEPTIONS, BROWSER_VIEWS};

const RELEASE: &str = "service_version=~\"$release\"";

pub fn dashboard() -> Dashboard {
    Dashboard {
        page: BROWSER_ERRORS,
        about: "Errors that pages told: how many for each view, which ones, in which release, since when.",
        services: &["browser_views_total"],
        rows: vec![numbers(), which(), log()],
    }
}

fn numbers() -> Row {
    let errors = of_job(BROWSER_EXCEPTIONS.name, RELEASE);
    let views = of_job(BROWSER_VIEWS.name, RELEASE);
    let each = share(
        &rate("job, service_version", &errors),
        &rate("job, service_version", &views),
    );
    let total = or_none_of(&increase("", &errors), &increase("", &views));
    row(
        "How many",
        vec![
            stat(
                "Errors",
                "Each different one once a page; without resources that failed and the console.",
                8,
                Unit::Count,
                total,
            ),
            stat(
                "Views",
                "Views of pages in the time shown.",
                8,
                Unit::Count,
                increase("", &views),
            ),
            stat(
                "Errors for each view",
                "Above 1 a view has several.",
                8,
                Unit::Number,
                share(&increase("", &errors), &increase("", &views)),
            )
            .rated(Thresholds::Below(0.01, 0.05)),
            lines(
                "Errors by type",
                "The ten most frequent classes.",
                12,
                Unit::PerSecond,
                vec![
                    query(
                        top(10, &rate("exception_type", &errors)),
                        "{{exception_type}}",
                    )
                    .at_least("5m"),
                ],
            )
            .stacked(),
            lines(
                "Errors for each view, by release",
                "A release that is worse stands out beside the others.",
                12,
                Unit::Number,
                vec![query(top(10, &each), "{{job}} {{service_version}}").at_least("5m")],
            )
            .rated(Thresholds::Below(0.01, 0.05)),
        ],
    )
}

fn which() -> Row {
    let by = "job, exception_type, service_version";
    let errors = increase(by, &of_job(BROWSER_EXCEPTIONS.name, RELEASE));
    let first = format!("1000 * max by ({by}) ({})", recorded(FIRST_ERROR, RELEASE));
    let at = "job, url_template";
    let here = increase(at, &of_job(BROWSER_EXCEPTIONS.name, RELEASE));
    let views = increase(at, &of_job(BROWSER_VIEWS.name, RELEASE));
    row(
        "Which",
        vec![
            table("By type and release", "The 50 most frequent. First seen is the time since when it came, without a day's pause before; a type leads to its log lines.", &["job", "service_version", "exception_type"], vec![
                column("errors", Unit::Count, errors),
                column("first seen", Unit::Time, first),
            ])
            .top(50)
            .wide(14)
            .linked(&[Link::Logs { service: "job", attribute: "exception_type", label: "exception_type" }]),
            table("By route", "The 25 routes with the most errors for each view.", &["job", "url_template"], vec![
                column("for each view", Unit::Number, share(&here, &views)).rated(Thresholds::Below(0.01, 0.05)),
                column("views", Unit::Count, views),
            ])
            .top(25)
            .wide(10),
        ],
    )
}

fn log() -> Row {
    let errors = of_log(&format!("exception_type!=\"\" | {RELEASE}"));
    let by = "sightline_exception_fingerprint, exception_type, exception_message";
    let counted = format!("topk(25, sum by ({by}) (count_over_time({errors} [$__range])))");
    row(
        "From the log",
        vec![
            panel(
                "By fingerprint",
                "The 25 most frequent errors; a fingerprint is the same for one error in all browsers and builds.",
                12,
                Unit::Count,
                Kind::LogTable {
                    by: "errors",
                    expr: counted,
                },
            ),
            panel(
                "Latest",
                "Errors with their stack, breadcrumbs and trace.",
                12,
                Unit::Count,
                Kind::Logs(errors),
            ),
        ],
    )
}
