//! The filter's own health: whether what the edge says can be trusted.

use super::promql::{increase, of_job, rate, share, sum};
use super::{Dashboard, Panel, Row, Thresholds, Unit, column, lines, query, row, stat, table};
use sightline_core::dashboard::EDGE;
use sightline_core::metric::{
    BUILD_INFO, EXPORT_FAILURES, EXPORT_LAG, HEARTBEAT_AGE, INGEST_REQUESTS, LOG_RECORDS_DROPPED,
    LOG_RECORDS_EXPORTED, LOG_RECORDS_PRODUCED, LOG_RECORDS_QUEUED, LOGS_SAMPLED_OUT, Metric,
    POINTS_DROPPED, POINTS_EXPORTED, POINTS_PRODUCED, POINTS_QUEUED, PROBE_UP, SERIES,
    SERIES_LIMIT, SERIES_OVERFLOW, SPANS_DROPPED, SPANS_EXPORTED, SPANS_PRODUCED, SPANS_QUEUED,
    VALUES_REJECTED, VMS, VMS_LOST, VMS_MISSING,
};

/// What becomes of one kind of telemetry.
pub struct Account {
    pub what: &'static str,
    pub produced: Metric,
    pub exported: Metric,
    pub dropped: Metric,
    pub queued: Metric,
}

/// All kinds.
pub const ACCOUNTS: [Account; 3] = [
    Account {
        what: "Spans",
        produced: SPANS_PRODUCED,
        exported: SPANS_EXPORTED,
        dropped: SPANS_DROPPED,
        queued: SPANS_QUEUED,
    },
    Account {
        what: "Log records",
        produced: LOG_RECORDS_PRODUCED,
        exported: LOG_RECORDS_EXPORTED,
        dropped: LOG_RECORDS_DROPPED,
        queued: LOG_RECORDS_QUEUED,
    },
    Account {
        what: "Metric points",
        produced: POINTS_PRODUCED,
        exported: POINTS_EXPORTED,
        dropped: POINTS_DROPPED,
        queued: POINTS_QUEUED,
    },
];

pub fn dashboard() -> Dashboard {
    Dashboard {
        page: EDGE,
        about: "The filter's own health: its VMs, what it exports and what it gives up.",
        services: &["sightline_edge_build_info"],
        rows: vec![vms(), exports(), series(), pages()],
    }
}

fn vms() -> Row {
    let of = |metric: Metric| sum("job", &of_job(metric.name, ""));
    let age = format!("max by (job) ({})", of_job(HEARTBEAT_AGE.name, ""));
    let builds = sum("job, version", &of_job(BUILD_INFO.name, ""));
    let probes = format!("min by (job, probe) ({})", of_job(PROBE_UP.name, ""));
    row(
        "VMs",
        vec![
            stat("Missing", "VMs that fell silent and that no new one has replaced: requests of their workers go uncounted.", 6, Unit::Count, sum("", &of_job(VMS_MISSING.name, "")))
                .rated(Thresholds::Below(1.0, 2.0)),
            stat("Lost", "VMs that fell silent without a goodbye in the time shown.", 6, Unit::Count, increase("", &of_job(VMS_LOST.name, "")))
                .rated(Thresholds::Below(0.5, 2.0)),
            stat("Values rejected", "Requests that an operator's counter left out, because the header to add was no number.", 6, Unit::Count, increase("", &of_job(VALUES_REJECTED.name, "")))
                .rated(Thresholds::Below(0.5, 100.0)),
            stat("Counted under _other", "Requests whose route found no room among the series.", 6, Unit::Count, increase("", &of_job(SERIES_OVERFLOW.name, "")))
                .rated(Thresholds::Below(0.5, 100.0)),
            lines("VMs heard of", "One for each worker of Envoy and one for its main thread.", 8, Unit::Count, vec![query(of(VMS), "{{job}}")]),
            lines("Longest silence", "Time since the VM that was silent for longest was heard of; beyond 10 s it is lost.", 8, Unit::Seconds, vec![query(age, "{{job}}")])
                .rated(Thresholds::Below(5.0, 10.0)),
            lines("Dependencies", "1 where what the edge asks for its health is well, else 0.", 8, Unit::Count, vec![query(probes, "{{job}} → {{probe}}")]),
            table("Builds", "Which build of the filter runs in how many proxies.", &["job", "version"], vec![column("proxies", Unit::Count, builds)]),
        ],
    )
}

fn exports() -> Row {
    let failures = rate("reason", &of_job(EXPORT_FAILURES.name, ""));
    let lag = format!("max by (job, signal) ({})", of_job(EXPORT_LAG.name, ""));
    let mut panels = vec![
        lines("Age of what waits", "The oldest item of a signal that waits; of metrics, the time since they were acknowledged last.", 12, Unit::Seconds, vec![query(lag, "{{job}} {{signal}}")])
            .rated(Thresholds::Below(30.0, 60.0)),
        lines("Exports that failed", "By reason; what may succeed later is tried again.", 12, Unit::RequestsPerSecond, vec![query(failures, "{{reason}}")]),
    ];
    panels.extend(ACCOUNTS.iter().map(account));
    row("Exports", panels)
}

fn account(of: &Account) -> Panel {
    let flow = |metric: Metric| rate("", &of_job(metric.name, ""));
    let about = "Produced is exported, dropped, or still waits.";
    lines(
        of.what,
        about,
        8,
        Unit::PerSecond,
        vec![
            query(flow(of.produced), "produced"),
            query(flow(of.exported), "exported"),
            query(
                rate("reason", &of_job(of.dropped.name, "")),
                "dropped: {{reason}}",
            ),
        ],
    )
}

fn series() -> Row {
    let used = format!(
        "max by (job) ({} / {})",
        of_job(SERIES.name, ""),
        of_job(SERIES_LIMIT.name, "")
    );
    let out = rate("job", &of_job(LOGS_SAMPLED_OUT.name, ""));
    let other = rate("job", &of_job(SERIES_OVERFLOW.name, ""));
    row(
        "Series and logs",
        vec![
            lines("Series in use", "Pairs of method and route of those that the filter may keep, in the fullest proxy; then routes count under _other.", 8, Unit::Ratio, vec![query(used, "{{job}}")])
                .rated(Thresholds::Below(0.7, 0.9)),
            lines("Requests under _other", "Requests whose route found no room.", 8, Unit::RequestsPerSecond, vec![query(other, "{{job}}")]),
            lines("Left out of the log", "Successful requests that sampling left out.", 8, Unit::RequestsPerSecond, vec![query(out, "{{job}}")]),
        ],
    )
}

fn pages() -> Row {
    let by_result = rate("result", &of_job(INGEST_REQUESTS.name, ""));
    let all = increase(
        "job",
        &of_job(INGEST_REQUESTS.name, "result!=\"preflight\""),
    );
    let accepted = increase("job", &of_job(INGEST_REQUESTS.name, "result=\"accepted\""));
    let queued = ACCOUNTS.iter().map(|account| {
        query(
            sum("job", &of_job(account.queued.name, "")),
            &format!("{{{{job}}}} {}", account.what.to_lowercase()),
        )
    });
    row(
        "Telemetry of pages, and queues",
        vec![
            lines(
                "Requests of pages",
                "What becomes of what pages send.",
                12,
                Unit::RequestsPerSecond,
                vec![query(by_result, "{{result}}")],
            )
            .stacked(),
            lines(
                "Queues",
                "What waits at the edge.",
                12,
                Unit::Count,
                queued.collect(),
            ),
            table(
                "Taken from pages",
                "The share of pages' requests that was passed on, in the time shown; the rest is refused with a reason, above.",
                &["job"],
                vec![
                    column("requests", Unit::Count, all.clone()),
                    column("accepted", Unit::Ratio, share(&accepted, &all))
                        .rated(Thresholds::Above(0.9, 0.99)),
                ],
            ),
        ],
    )
}
