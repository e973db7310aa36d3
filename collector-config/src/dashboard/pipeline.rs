//! The telemetry pipeline: what comes in, what goes on, what is lost on the way, and
//! whether the watching is watched.

use super::edge::{ACCOUNTS, Account};
use super::promql::{SHOWN, increase, of_job, of_log, or_none_of, rate, sum};
use super::{
    Dashboard, Kind, Panel, Query, Row, Thresholds, Unit, column, lines, panel, query, row, stat,
    table,
};
use sightline_core::dashboard::PIPELINE;
use sightline_core::metric::{
    COLLECTOR_LOG_RECORDS_ACCEPTED, COLLECTOR_METRIC_POINTS_ACCEPTED, COLLECTOR_SPANS_ACCEPTED,
    COLLECTOR_SPANS_KEPT, Metric,
};

/// The collector's names of the three kinds of telemetry.
const ITEMS: [(&str, &str); 3] = [
    ("Spans", "spans"),
    ("Log records", "log_records"),
    ("Metric points", "metric_points"),
];

/// Exporters to stores, and receivers of others; between them the collector sends to
/// itself.
const STORES: &str = "exporter!~\"otlp_grpc/(in|queue)_.*\"";
const DOORS: &str = "receiver!~\"otlp/(in|queue)_.*\"";

pub fn dashboard() -> Dashboard {
    Dashboard {
        page: PIPELINE,
        about: "What telemetry comes in, goes on, waits and is lost, from the edge to the stores; and the health of collector and Prometheus.",
        services: &[
            "up",
            "sightline_edge_build_info",
            "sightline_collector_spans_accepted",
            "sightline_collector_log_records_accepted",
            "browser_views_total",
        ],
        rows: vec![
            ledger(),
            receivers(),
            exporters(),
            queues(),
            collector(),
            prometheus(),
        ],
    }
}

/// What the edge made, and where it is; what was lost on the way.
fn ledger() -> Row {
    let edge = ACCOUNTS.iter().map(|account| {
        let lost = of_job(account.dropped.name, "reason!=\"superseded\"");
        let about = "Given up by the edge in the time shown, with a reason; points that newer totals replace lose nothing.";
        stat(&format!("{} lost at the edge", account.what), about, 8, Unit::Count, increase("", &lost))
            .rated(Thresholds::Below(0.5, 100.0))
    });
    let collector = ITEMS.iter().map(|(what, item)| {
        let grown = |name: &str| {
            increase(
                "",
                &of_job(&format!("otelcol_exporter_{name}_{item}"), STORES),
            )
        };
        let expr = or_none_of(&grown("send_failed"), &grown("sent"));
        let about = "Given up by the collector in the time shown: a store refused it for good.";
        stat(
            &format!("{what} lost by the collector"),
            about,
            8,
            Unit::Count,
            expr,
        )
        .rated(Thresholds::Below(0.5, 100.0))
    });
    let spans = &[COLLECTOR_SPANS_ACCEPTED, COLLECTOR_SPANS_KEPT];
    let accounts = [
        ledger_of("Spans", &ACCOUNTS[0], spans),
        ledger_of(
            "Log records",
            &ACCOUNTS[1],
            &[COLLECTOR_LOG_RECORDS_ACCEPTED],
        ),
        ledger_of(
            "Metric points",
            &ACCOUNTS[2],
            &[COLLECTOR_METRIC_POINTS_ACCEPTED],
        ),
        panel(
            "Lost by pages",
            "The SDK's accounts, each since its page began: produced and restored is delivered, kept, queued or lost. A page tells one when something was lost.",
            12,
            Unit::Count,
            Kind::Logs(of_log("sightline_produced!=\"\"")),
        ),
        end(
            (
                "Taken and refused",
                "By receiver, in the time shown. Who was refused has it still, and tries again.",
            ),
            &["receiver"],
            ["receiver_accepted", "receiver_refused"],
            DOORS,
            [
                "spans",
                "spans refused",
                "log records",
                "log records refused",
                "points",
                "points refused",
            ],
        ),
        end(
            (
                "Stored and failed",
                "By store, in the time shown: each has what was accepted, of spans what was kept, of points also those that the collector made. What failed is given up.",
            ),
            &["exporter"],
            ["exporter_sent", "exporter_send_failed"],
            STORES,
            [
                "spans",
                "spans failed",
                "log records",
                "log records failed",
                "points",
                "points failed",
            ],
        ),
    ];
    row("Ledger", edge.chain(collector).chain(accounts).collect())
}

/// What a service's edge exported is what came out of the collector's queues.
fn ledger_of(title: &str, account: &Account, counted: &[Metric]) -> Panel {
    let grown = |metric: Metric| increase("job", &of_job(metric.name, ""));
    let mut columns = vec![
        column("produced", Unit::Count, grown(account.produced)),
        column("exported", Unit::Count, grown(account.exported)),
        column("dropped", Unit::Count, grown(account.dropped)),
        column(
            "queued",
            Unit::Count,
            sum("job", &of_job(account.queued.name, "")),
        ),
    ];
    columns.extend(
        ["accepted", "kept"]
            .into_iter()
            .zip(counted)
            .map(|(title, metric)| {
                let counted = format!("sum_over_time({}[{SHOWN}])", of_job(metric.name, ""));
                column(title, Unit::Count, sum("job", &counted))
            }),
    );
    let about = "In the time shown, by service; all pages are `browser`. What an edge exported the collector accepted: more after retries, less where it is on the way or lost. Kept is what sampling left. Pages and servers tell no more than was accepted.";
    table(title, about, &["job"], columns).wide(12)
}

/// What went well and what did not, of each kind of telemetry, at one end of the
/// collector.
fn end(
    (title, about): (&str, &str),
    by: &'static [&'static str],
    [well, not]: [&str; 2],
    which: &str,
    titles: [&'static str; 6],
) -> Panel {
    let columns = ITEMS.iter().flat_map(|(_, item)| {
        let grown = |name: &str| {
            let series = of_job(&format!("otelcol_{name}_{item}"), which);
            increase(&by.join(", "), &series)
        };
        let well = grown(well);
        let not = or_none_of(&grown(not), &well);
        [well, not]
    });
    let columns = titles.into_iter().zip(columns);
    let columns = columns.map(|(title, expr)| column(title, Unit::Count, expr));
    table(title, about, by, columns.collect()).wide(12)
}

fn receivers() -> Row {
    let received = |(what, item): &(&str, &str)| {
        let of = |kind: &str| {
            rate(
                "receiver",
                &of_job(&format!("otelcol_receiver_{kind}_{item}"), ""),
            )
        };
        let about =
            "What each receiver took, refused (the sender tries again), or failed to hand on.";
        flow(
            &format!("{what} received"),
            about,
            vec![
                query(of("accepted"), "{{receiver}}"),
                query(of("refused"), "{{receiver}} refused"),
                query(of("failed"), "{{receiver}} failed"),
            ],
        )
    };
    row("Received", ITEMS.iter().map(received).collect())
}

fn exporters() -> Row {
    let exported = |(what, item): &(&str, &str)| {
        let of = |kind: &str| {
            rate(
                "exporter",
                &of_job(&format!("otelcol_exporter_{kind}_{item}"), ""),
            )
        };
        let about = "What each exporter delivered, what was refused for good, and what found its queue full, which its sender has still.";
        flow(
            &format!("{what} exported"),
            about,
            vec![
                query(of("sent"), "{{exporter}}"),
                query(
                    or_none_of(&of("send_failed"), &of("sent")),
                    "{{exporter}} failed",
                ),
                query(
                    or_none_of(&of("enqueue_failed"), &of("sent")),
                    "{{exporter}} queue full",
                ),
            ],
        )
    };
    row("Exported", ITEMS.iter().map(exported).collect())
}

fn flow(title: &str, about: &str, queries: Vec<Query>) -> Panel {
    lines(title, about, 8, Unit::PerSecond, queries)
}

fn queues() -> Row {
    let by = "exporter, data_type";
    let full = |part: &str| format!("max by ({by}) ({})", of_job(part, ""));
    let used = format!(
        "{} / {}",
        full("otelcol_exporter_queue_size"),
        full("otelcol_exporter_queue_capacity")
    );
    let edge = ACCOUNTS.iter().map(|account| {
        query(
            sum("job", &of_job(account.queued.name, "")),
            &format!("{{{{job}}}} {}", account.what.to_lowercase()),
        )
    });
    let streams = format!(
        "max by (instance) ({} / {})",
        of_job("otelcol_deltatocumulative_streams_tracked", ""),
        of_job("otelcol_deltatocumulative_streams_limit", "")
    );
    row(
        "Waiting",
        vec![
            lines(
                "Queues of the collector",
                "How full they are; a full one refuses, and senders wait.",
                8,
                Unit::Ratio,
                vec![query(used, "{{exporter}} {{data_type}}")],
            )
            .rated(Thresholds::Below(0.5, 0.9)),
            lines(
                "Queues of the edge",
                "Items that wait for an acknowledgement.",
                8,
                Unit::Count,
                edge.collect(),
            ),
            lines(
                "Series of pages",
                "Of those that the collector keeps at most; beyond them new ones are left out.",
                8,
                Unit::Ratio,
                vec![query(streams, "{{instance}}")],
            )
            .rated(Thresholds::Below(0.7, 0.9)),
        ],
    )
}

fn collector() -> Row {
    let heap = sum(
        "instance",
        &of_job("otelcol_process_runtime_heap_alloc_bytes", ""),
    );
    let resident = sum("instance", &of_job("otelcol_process_memory_rss", ""));
    let cpu = rate("instance", &of_job("otelcol_process_cpu_seconds", ""));
    let up = format!("avg by (job) ({})", of_job("up", ""));
    row(
        "Collector",
        vec![
            lines("Memory", "Heap, above whose limit it refuses (SIGHTLINE_MEMORY_MIB less 64 MiB), and all of the process.", 8, Unit::Bytes, vec![query(heap, "{{instance}} heap"), query(resident, "{{instance}} resident")])
                .rated(Thresholds::Below(160.0 * 1048576.0, 192.0 * 1048576.0)),
            lines("CPU", "Cores in use.", 8, Unit::Number, vec![query(cpu, "{{instance}}")]),
            lines("Targets", "The share of a job's instances that Prometheus can scrape.", 8, Unit::Ratio, vec![query(up, "{{job}}")])
                .rated(Thresholds::Above(0.5, 1.0)),
        ],
    )
}

fn prometheus() -> Row {
    let head = sum("instance", &of_job("prometheus_tsdb_head_series", ""));
    let samples = rate(
        "instance",
        &of_job("prometheus_tsdb_head_samples_appended_total", ""),
    );
    let failures = rate(
        "instance",
        &of_job("prometheus_rule_evaluation_failures_total", ""),
    );
    let undelivered = rate(
        "instance",
        &of_job("prometheus_notifications_dropped_total", ""),
    );
    let slowest = format!(
        "topk(10, max by (rule_group) ({}))",
        of_job("prometheus_rule_group_last_duration_seconds", "")
    );
    let errors = or_none_of(
        &rate(
            "instance",
            &of_job("prometheus_notifications_errors_total", ""),
        ),
        &rate(
            "instance",
            &of_job("prometheus_notifications_dropped_total", ""),
        ),
    );
    row(
        "Prometheus",
        vec![
            lines(
                "Series",
                "Series that it keeps in memory; a jump is a label with too many values.",
                8,
                Unit::Count,
                vec![query(head, "{{instance}}")],
            ),
            lines(
                "Samples",
                "Samples that it takes.",
                8,
                Unit::PerSecond,
                vec![query(samples, "{{instance}}")],
            ),
            lines(
                "Alerting",
                "Rules that fail, and notifications that reach nobody.",
                8,
                Unit::PerSecond,
                vec![
                    query(failures, "{{instance}} rules failed"),
                    query(undelivered, "{{instance}} notifications dropped"),
                    query(errors, "{{instance}} notifications failed"),
                ],
            ),
            table(
                "Rule groups",
                "The ten that take longest; more than their interval is too long.",
                &["rule_group"],
                vec![
                    column("last took", Unit::Seconds, slowest).rated(Thresholds::Below(1.0, 10.0)),
                ],
            ),
        ],
    )
}
