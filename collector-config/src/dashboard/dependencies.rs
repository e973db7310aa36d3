//! What services call, and what they wait for.

use super::promql::{
    POINT, SHOWN, of_job, or_none_of, quantile, quantile_of, rate, share, sum, top,
};
use super::{Dashboard, Row, Thresholds, Unit, column, lines, query, row, stat, table};
use sightline_core::dashboard::DEPENDENCIES;
use sightline_core::metric::{ERRORS, PROBE_UP};

const CALLS: &str = "traces_service_graph_request_total";
const FAILED: &str = "traces_service_graph_request_failed_total";
const CLIENT: &str = "traces_service_graph_request_client_seconds";
const SPANS: &str = "traces_span_metrics_calls_total";
const OUTGOING: &str = "span_kind=\"SPAN_KIND_CLIENT\"";
/// Of a request's ends, those that are the upstream's.
const UPSTREAM: &str = "type=~\"connect_failure|dns_failure|no_healthy_upstream|timeout|reset|protocol_error|circuit_breaker|overload\"";
const CONNECTIONS: &str = "db_client_connection_count";
const MOST: &str = "db_client_connection_max";

pub fn dashboard() -> Dashboard {
    Dashboard {
        page: DEPENDENCIES,
        about: "Who calls whom, how it went, and what services wait for: other services and the database.",
        services: &[
            "sightline_edge_build_info",
            "db_client_connection_max",
            "traces_span_metrics_calls_total",
        ],
        rows: vec![graph(), upstream(), database()],
    }
}

/// The graph has no `job`: both ends are services.
fn graph() -> Row {
    let by = "client, server";
    let grown = |name: &str| sum(by, &format!("increase({name}[{SHOWN}])"));
    let flow = |name: &str| sum(by, &format!("rate({name}[{POINT}])"));
    let slow = |of: f64, window: &str| quantile_of(of, by, &format!("{CLIENT}_bucket"), window);
    let name = "{{client}} → {{server}}";
    row(
        "Who calls whom",
        vec![
            table(
                "Pairs",
                "The 50 busiest, by the spans of both ends; pages are one client, `browser`. `user` is whoever has no span.",
                &["client", "server"],
                vec![
                    column("calls", Unit::Count, grown(CALLS)),
                    column(
                        "failed",
                        Unit::Ratio,
                        share(&grown(FAILED), &grown(CALLS)),
                    )
                    .rated(Thresholds::Below(0.01, 0.05)),
                    column("p50", Unit::Seconds, slow(0.5, SHOWN)),
                    column("p95", Unit::Seconds, slow(0.95, SHOWN))
                        .rated(Thresholds::Below(1.0, 2.0)),
                ],
            )
            .top(50),
            lines(
                "Calls",
                "The ten busiest pairs.",
                8,
                Unit::PerSecond,
                vec![query(top(10, &flow(CALLS)), name)],
            ),
            lines(
                "Calls that failed",
                "The ten pairs with the most failures.",
                8,
                Unit::PerSecond,
                vec![query(
                    top(10, &or_none_of(&flow(FAILED), &flow(CALLS))),
                    name,
                )],
            ),
            lines(
                "Duration, p95",
                "As the caller sees it; the ten slowest.",
                8,
                Unit::Seconds,
                vec![query(top(10, &slow(0.95, POINT)), name)],
            )
            .rated(Thresholds::Below(1.0, 2.0)),
        ],
    )
}

fn upstream() -> Row {
    let failures = rate("job, type", &of_job(ERRORS.name, UPSTREAM));
    let probes = format!("min by (job, probe) ({})", of_job(PROBE_UP.name, ""));
    let outgoing = rate("job, http_request_method", &of_job(SPANS, OUTGOING));
    row(
        "Upstreams",
        vec![
            lines(
                "Failures of upstreams",
                "What the edge says was wrong behind it, by type.",
                8,
                Unit::RequestsPerSecond,
                vec![query(failures, "{{job}} {{type}}")],
            ),
            lines(
                "Health",
                "1 where what the edge asks for its health is well, else 0.",
                8,
                Unit::Count,
                vec![query(probes, "{{job}} → {{probe}}")],
            ),
            lines(
                "Outgoing calls",
                "Calls that services make by HTTP, by method.",
                8,
                Unit::PerSecond,
                vec![query(outgoing, "{{job}} {{http_request_method}}")],
            ),
        ],
    )
}

fn database() -> Row {
    let used = sum("job, instance", &of_job(CONNECTIONS, "state=\"used\""));
    let most = sum("job, instance", &of_job(MOST, ""));
    let waiting = sum(
        "job, instance",
        &of_job("db_client_connection_pending_requests", ""),
    );
    let states = sum("job, state", &of_job(CONNECTIONS, ""));
    let slow = quantile(
        0.95,
        "job",
        "db_client_operation_duration_seconds",
        "",
        POINT,
    );
    let busiest = format!("max(max_over_time(({used} / {most})[{SHOWN}:]))");
    row(
        "Database",
        vec![
            stat(
                "Fullest pool",
                "The most of a pool's connections that were in use at once in the time shown.",
                6,
                Unit::Ratio,
                busiest,
            )
            .rated(Thresholds::Below(0.8, 0.95)),
            lines(
                "Pool in use",
                "The share of the connections that a pool may have.",
                9,
                Unit::Ratio,
                vec![query(format!("{used} / {most}"), "{{job}} {{instance}}")],
            )
            .rated(Thresholds::Below(0.8, 0.95)),
            lines(
                "Connections",
                "By state.",
                9,
                Unit::Count,
                vec![query(states, "{{job}} {{state}}")],
            )
            .stacked(),
            lines(
                "Waiting",
                "Requests that wait for a connection.",
                12,
                Unit::Count,
                vec![query(waiting, "{{job}} {{instance}}")],
            )
            .rated(Thresholds::Below(1.0, 5.0)),
            lines(
                "Queries, p95",
                "One query in 20 takes longer.",
                12,
                Unit::Seconds,
                vec![query(slow, "{{job}}")],
            )
            .rated(Thresholds::Below(0.1, 1.0))
            .needs("a database driver with OpenTelemetry's instrumentation"),
        ],
    )
}
