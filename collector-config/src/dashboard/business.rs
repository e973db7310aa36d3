//! Whether the shop sells. Names of counters are those of the example shop; put in
//! your own, which the filter can count too.

use super::promql::{increase, of_job, rate, share};
use super::{Dashboard, Row, Thresholds, Unit, column, lines, query, row, stat, table};
use sightline_core::dashboard::BUSINESS;
use sightline_core::metric::BROWSER_VIEWS;

const ORDERS: &str = "orders_placed_total";
const NOT_PLACED: &str = "checkout_failures_total";
/// Counted by the filter at the edge: `metrics.counters` of examples/shop/envoy.yaml.
const AT_THE_EDGE: &str = "checkouts_total";

pub fn dashboard() -> Dashboard {
    Dashboard {
        page: BUSINESS,
        about: "Orders, checkouts that fail, and how many views come to one.",
        services: &[
            "orders_placed_total",
            "checkouts_total",
            "browser_views_total",
        ],
        rows: vec![numbers(), course()],
    }
}

/// Checkouts with whatever end, by service.
fn checkouts(of: fn(&str, &str) -> String) -> String {
    format!(
        "({} + {})",
        of("job", &of_job(ORDERS, "")),
        of("job", &of_job(NOT_PLACED, ""))
    )
}

fn numbers() -> Row {
    let orders = increase("", &of_job(ORDERS, ""));
    let views = increase(
        "",
        &of_job(BROWSER_VIEWS.name, "url_template=\"/checkout\""),
    );
    let errors = increase("job", &of_job(NOT_PLACED, "reason=\"error\""));
    row(
        "In the time shown",
        vec![
            stat(
                "Orders",
                "Orders that were placed.",
                6,
                Unit::Count,
                orders.clone(),
            ),
            stat(
                "Orders by the edge",
                "Checkouts that were answered with success, as the filter counts them: the two agree where nothing is lost.",
                6,
                Unit::Count,
                increase("", &of_job(AT_THE_EDGE, "")),
            ),
            stat(
                "Checkouts failed by us",
                "The share of checkouts that end in an error of ours; a declined card is none.",
                6,
                Unit::Ratio,
                format!("max({})", share(&errors, &checkouts(increase))),
            )
            .rated(Thresholds::Below(0.01, 0.05)),
            stat(
                "Orders for each view of the checkout",
                "How many who come to the page of the checkout place an order.",
                6,
                Unit::Number,
                share(&orders, &views),
            ),
        ],
    )
}

fn course() -> Row {
    let reasons = rate("reason", &of_job(NOT_PLACED, ""));
    let errors = rate("job", &of_job(NOT_PLACED, "reason=\"error\""));
    let by_reason = increase("reason", &of_job(NOT_PLACED, ""));
    let now = rate("", &of_job(ORDERS, ""));
    row(
        "Course",
        vec![
            lines(
                "Orders",
                "Orders each second.",
                8,
                Unit::PerSecond,
                vec![query(now, "orders").at_least("1m")],
            ),
            lines(
                "Checkouts without an order",
                "By reason; `error` is ours.",
                8,
                Unit::PerSecond,
                vec![query(reasons, "{{reason}}").at_least("1m")],
            )
            .stacked(),
            lines(
                "Checkouts failed by us",
                "The share of checkouts that end in an error of ours.",
                8,
                Unit::Ratio,
                vec![query(share(&errors, &checkouts(rate)), "{{job}}").at_least("1m")],
            )
            .rated(Thresholds::Below(0.01, 0.05)),
            table(
                "Why",
                "Checkouts without an order in the time shown, by reason.",
                &["reason"],
                vec![column("checkouts", Unit::Count, by_reason)],
            ),
        ],
    )
}
