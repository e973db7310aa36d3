//! Machines and pods: utilisation, saturation and errors of each resource.

use super::promql::{POINT, increase, of_job, or_none_of, rate, sum, top};
use super::{Dashboard, Panel, Row, Thresholds, Unit, column, lines, query, row, table};
use sightline_core::dashboard::INFRASTRUCTURE;

const INSTANCE: &str = "instance=~\"$instance\"";
/// Without what is no disk.
const DISK: &str = "instance=~\"$instance\", fstype!~\"tmpfs|ramfs|squashfs|overlay\"";
/// Without the loopback, and what is within a machine or part of another interface:
/// there the same bytes would count twice.
const OUTWARD: &str = r#"instance=~"$instance", device!~"lo|.*\\..*|(veth|docker|podman|br|virbr|cni|flannel|cali|cilium|lxc|tunl|vxlan|bond|team|kube|dummy|ifb|tap|tun|wg).*""#;
const NAME: &str = "{{instance}}";

pub fn dashboard() -> Dashboard {
    Dashboard {
        page: INFRASTRUCTURE,
        about: "Machines and pods by utilisation, saturation and errors.",
        services: &["up"],
        rows: vec![machines(), disks(), network(), pods()],
    }
}

fn machine(name: &str) -> String {
    of_job(name, INSTANCE)
}

fn machines() -> Row {
    let idle = of_job(
        "node_cpu_seconds_total",
        &format!("{INSTANCE}, mode=\"idle\""),
    );
    let busy = format!("1 - avg by (instance) (rate({idle}[{POINT}]))");
    let cores = format!("count by (instance) ({idle})");
    let load = format!("{} / {cores}", sum("instance", &machine("node_load1")));
    let free = sum("instance", &machine("node_memory_MemAvailable_bytes"));
    let memory = sum("instance", &machine("node_memory_MemTotal_bytes"));
    row(
        "Processor and memory",
        vec![
            lines(
                "CPU: utilisation",
                "The share of time in which cores were busy.",
                8,
                Unit::Ratio,
                vec![query(busy, NAME)],
            )
            .rated(Thresholds::Below(0.75, 0.9)),
            lines(
                "CPU: saturation",
                "Tasks that run or wait, for each core; above 1 some wait.",
                8,
                Unit::Number,
                vec![query(load, NAME)],
            )
            .rated(Thresholds::Below(1.0, 2.0)),
            lines(
                "Memory: utilisation",
                "What programs cannot have any more.",
                8,
                Unit::Ratio,
                vec![query(format!("1 - {free} / {memory}"), NAME)],
            )
            .rated(Thresholds::Below(0.75, 0.85)),
            lines(
                "Memory: saturation",
                "Pages that are read from disk again: memory is short.",
                12,
                Unit::PerSecond,
                vec![query(
                    rate("instance", &machine("node_vmstat_pgmajfault")),
                    NAME,
                )],
            ),
            lines(
                "Memory: errors",
                "Processes that were killed for want of memory.",
                12,
                Unit::PerSecond,
                vec![query(
                    rate("instance", &machine("node_vmstat_oom_kill")),
                    NAME,
                )],
            )
            .rated(Thresholds::Below(0.001, 0.01)),
        ],
    )
}

fn disks() -> Row {
    let free = of_job("node_filesystem_avail_bytes", DISK);
    let size = of_job("node_filesystem_size_bytes", DISK);
    let by = "instance, mountpoint";
    let used = format!("1 - {} / {}", sum(by, &free), sum(by, &size));
    let by_disk = "instance, device";
    let waited = of_job("node_disk_io_time_weighted_seconds_total", INSTANCE);
    row(
        "Disks",
        vec![
            lines(
                "Disk: utilisation",
                "The share of time in which a disk was busy; the ten busiest.",
                8,
                Unit::Ratio,
                vec![query(
                    top(
                        10,
                        &rate(by_disk, &machine("node_disk_io_time_seconds_total")),
                    ),
                    "{{instance}} {{device}}",
                )],
            )
            .rated(Thresholds::Below(0.7, 0.9)),
            lines(
                "Disk: saturation",
                "Requests that wait for a disk, on average; the ten longest queues.",
                8,
                Unit::Number,
                vec![query(
                    top(10, &rate(by_disk, &waited)),
                    "{{instance}} {{device}}",
                )],
            ),
            lines(
                "Disk: errors",
                "File systems that became read-only, as they do after errors of their disk.",
                8,
                Unit::Count,
                vec![query(
                    sum("instance", &of_job("node_filesystem_readonly", DISK)),
                    NAME,
                )],
            ),
            table(
                "File systems",
                "The 50 fullest.",
                &["instance", "mountpoint"],
                vec![
                    column("used", Unit::Ratio, used).rated(Thresholds::Below(0.7, 0.85)),
                    column("free", Unit::Bytes, sum(by, &free)),
                    column("size", Unit::Bytes, sum(by, &size)),
                ],
            )
            .top(50),
        ],
    )
}

/// Both ways of what leads out of a machine.
fn ways(title: &str, about: &str, unit: Unit, what: &str) -> Panel {
    let way = |way: &str, name: &str| {
        let series = of_job(&format!("node_network_{way}_{what}_total"), OUTWARD);
        query(rate("instance", &series), name)
    };
    let both = vec![
        way("receive", "{{instance}} in"),
        way("transmit", "{{instance}} out"),
    ];
    lines(title, about, 6, unit, both)
}

fn network() -> Row {
    let files = format!(
        "max by (job, instance) ({} / {})",
        machine("process_open_fds"),
        machine("process_max_fds")
    );
    row(
        "Network and files",
        vec![
            ways(
                "Network: throughput",
                "Bytes by machine, both ways, without what stays within it.",
                Unit::BytesPerSecond,
                "bytes",
            ),
            ways(
                "Network: saturation",
                "Packets that were dropped.",
                Unit::PerSecond,
                "drop",
            ),
            ways(
                "Network: errors",
                "Packets with errors.",
                Unit::PerSecond,
                "errs",
            ),
            lines(
                "Open files",
                "The share of the files and connections that a process may have.",
                6,
                Unit::Ratio,
                vec![query(top(20, &files), "{{job}} {{instance}}")],
            )
            .rated(Thresholds::Below(0.6, 0.8)),
        ],
    )
}

fn pods() -> Row {
    let by = "cluster, namespace, pod";
    let name = "{{cluster}} {{namespace}}/{{pod}}";
    let limits = "container_spec_memory_limit_bytes{container!=\"\"} > 0";
    let limited = format!(
        "container_memory_working_set_bytes{{container!=\"\"}} and on ({by}, container) {limits}"
    );
    let (memory, limit) = (sum(by, &limited), sum(by, limits));
    let restarts = increase(by, "kube_pod_container_status_restarts_total");
    let cpu = sum(
        by,
        &format!("rate(container_cpu_usage_seconds_total{{container!=\"\"}}[{POINT}])"),
    );
    let stuck = sum(
        "cluster, namespace, reason",
        "kube_pod_container_status_waiting_reason",
    );
    let ready = "sum by (cluster, namespace) (kube_pod_status_ready{condition=\"true\"})";
    let panels = vec![
        lines(
            "CPU",
            "Cores in use; the ten busiest pods.",
            8,
            Unit::Number,
            vec![query(top(10, &cpu), name)],
        ),
        lines(
            "Memory",
            "Of what the containers that have a limit may have; the ten fullest pods.",
            8,
            Unit::Ratio,
            vec![query(top(10, &format!("{memory} / {limit}")), name)],
        )
        .rated(Thresholds::Below(0.75, 0.9)),
        lines(
            "Ready and stuck",
            "Pods that are ready, and containers that wait with a reason.",
            8,
            Unit::Count,
            vec![
                query(ready.into(), "{{cluster}} {{namespace}} ready"),
                query(
                    or_none_of(&stuck, ready),
                    "{{cluster}} {{namespace}} {{reason}}",
                ),
            ],
        ),
        table(
            "Restarts",
            "In the time shown; the 25 pods with the most.",
            &["cluster", "namespace", "pod"],
            vec![column("restarts", Unit::Count, restarts).rated(Thresholds::Below(0.5, 2.0))],
        )
        .top(25),
    ];
    let needing = panels
        .into_iter()
        .map(|panel| panel.needs("kube-state-metrics and cAdvisor"));
    row("Pods", needing.collect())
}
