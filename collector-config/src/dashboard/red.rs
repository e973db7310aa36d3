//! Rate, errors and duration of requests, by route.

use super::promised::Promised;
use super::promql::{POINT, SHOWN, increase, of_job, quantile, rate, share, sum, top};
use super::{Column, Dashboard, Kind, Link, Row, Unit};
use super::{column, lines, panel, query, row, table};
use sightline_core::dashboard::RED;
use sightline_core::metric::{
    ERRORS, HTTP_REQUEST_BYTES, HTTP_REQUEST_DURATION, HTTP_REQUESTS, HTTP_REQUESTS_IN_PROGRESS,
    HTTP_RESPONSE_BYTES,
};

pub const FAILED: &str = "status_code=~\"5..\"";
const DURATION: &str = HTTP_REQUEST_DURATION.name;

pub fn dashboard(promised: Promised) -> Dashboard {
    Dashboard {
        page: RED,
        about: "Rate, errors and duration of requests at the edge, by service and route.",
        services: &["sightline_edge_build_info"],
        rows: vec![service(promised), routes(promised), errors(), load()],
    }
}

fn service(promised: Promised) -> Row {
    let requests = rate("job", &of_job(HTTP_REQUESTS.name, ""));
    let failed = rate("job", &of_job(HTTP_REQUESTS.name, FAILED));
    let of = |of| {
        query(
            quantile(of, "", DURATION, "", POINT),
            &format!("p{}", of * 100.0),
        )
    };
    row(
        "Service",
        vec![
            lines("Rate", "Requests that ended, by service.", 8, Unit::RequestsPerSecond, vec![query(requests.clone(), "{{job}}")]),
            lines("Errors", "The share answered with 500 or more.", 8, Unit::Ratio, vec![query(share(&failed, &requests), "{{job}}")])
                .rated(promised.failed),
            lines("Duration", "Quantiles over all chosen services, from the first byte of a request to its end; a point is a request with its trace.", 8, Unit::Seconds, vec![of(0.5), of(0.95).with_exemplars(), of(0.99)])
                .rated(promised.duration),
            panel("Requests by duration", "How many requests took how long; two bands are two kinds of requests.", 24, Unit::Seconds, Kind::Heatmap(
                sum("le", &format!("increase({}[{POINT}])", of_job(&format!("{DURATION}_bucket"), ""))),
            )),
        ],
    )
}

/// Rate, errors and duration of all the time that is shown, as columns of a table.
pub fn columns(by: &str, promised: Promised) -> Vec<Column> {
    let requests = increase(by, &of_job(HTTP_REQUESTS.name, ""));
    let failed = increase(by, &of_job(HTTP_REQUESTS.name, FAILED));
    let quantile = |of| quantile(of, by, DURATION, "", SHOWN);
    vec![
        column("requests", Unit::Count, requests.clone()),
        column("failed", Unit::Ratio, share(&failed, &requests)).rated(promised.failed),
        column("p50", Unit::Seconds, quantile(0.5)),
        column("p95", Unit::Seconds, quantile(0.95)).rated(promised.duration),
        column("p99", Unit::Seconds, quantile(0.99)).rated(promised.duration),
    ]
}

fn routes(promised: Promised) -> Row {
    let by = "job, method, endpoint";
    let slowest = quantile(0.95, by, DURATION, "", POINT);
    let busiest = rate(by, &of_job(HTTP_REQUESTS.name, ""));
    let name = "{{job}} {{method}} {{endpoint}}";
    row(
        "Routes",
        vec![
            table(
                "Routes",
                "The time shown, the 50 busiest. A route leads to its traces and log lines.",
                &["job", "method", "endpoint"],
                columns(by, promised),
            )
            .top(50)
            .linked(&[
                Link::Traces {
                    service: "job",
                    operation: &["method", "endpoint"],
                },
                Link::Logs {
                    service: "job",
                    attribute: "http_route",
                    label: "endpoint",
                },
            ]),
            lines(
                "Busiest routes",
                "The ten with the most requests.",
                12,
                Unit::RequestsPerSecond,
                vec![query(top(10, &busiest), name)],
            ),
            lines(
                "Slowest routes, p95",
                "The ten with the highest p95.",
                12,
                Unit::Seconds,
                vec![query(top(10, &slowest), name).with_exemplars()],
            )
            .rated(promised.duration),
        ],
    )
}

fn errors() -> Row {
    let by_type = rate("type", &of_job(ERRORS.name, ""));
    let status = rate("status_code", &of_job(HTTP_REQUESTS.name, ""));
    let by = "job, method, endpoint";
    let failing = rate(by, &of_job(HTTP_REQUESTS.name, "status_code=~\"5..|0\""));
    let any = rate(by, &of_job(HTTP_REQUESTS.name, ""));
    row(
        "Errors",
        vec![
            lines(
                "Failures by type",
                "What the proxy says of a request goes before its status.",
                8,
                Unit::RequestsPerSecond,
                vec![query(by_type, "{{type}}")],
            )
            .stacked(),
            lines(
                "Answers by status",
                "0 is no response.",
                8,
                Unit::RequestsPerSecond,
                vec![query(top(20, &status), "{{status_code}}")],
            )
            .stacked(),
            lines(
                "Routes that fail",
                "The ten with the most answers of 500 or more, or none.",
                8,
                Unit::RequestsPerSecond,
                vec![query(
                    top(10, &super::promql::or_none_of(&failing, &any)),
                    "{{job}} {{method}} {{endpoint}}",
                )],
            ),
        ],
    )
}

fn load() -> Row {
    let under_way = sum("job", &of_job(HTTP_REQUESTS_IN_PROGRESS.name, ""));
    let sent = rate("job", &of_job(HTTP_RESPONSE_BYTES.name, ""));
    let received = rate("job", &of_job(HTTP_REQUEST_BYTES.name, ""));
    row(
        "Load",
        vec![
            lines(
                "Under way",
                "Requests that have begun and not ended; growth without more requests is a jam.",
                8,
                Unit::Count,
                vec![query(under_way, "{{job}}")],
            ),
            lines(
                "Sent",
                "Bytes of response bodies.",
                8,
                Unit::BytesPerSecond,
                vec![query(sent, "{{job}}")],
            ),
            lines(
                "Received",
                "Bytes of request bodies.",
                8,
                Unit::BytesPerSecond,
                vec![query(received, "{{job}}")],
            ),
        ],
    )
}
