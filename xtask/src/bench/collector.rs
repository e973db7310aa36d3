//! `cargo xtask bench collector`: what the pipeline costs an item and how many it takes
//! a second, beside a collector that only passes them on, in one run and in turn.
//! telemetrygen sends as fast as it is answered, on the same machine.

mod pages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::http_server::{Answer, HttpServer};
use sightline_tests::process::wait_every;

use self::pages::Pages;
use crate::part::Part;
use crate::process;
use crate::recipe;
use crate::setup::Setup;
use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask bench collector [ROUNDS]

Has telemetrygen (built by Go 1.26 or later) send to a collector with Sightline's
pipeline and to one that only passes on, in turn, 3 rounds or as many as given:
200,000 log records and metric points as fast as they are answered, and spans at
a fixed rate, because it drops those that it can't send; then, at the pages' door,
what pages sent in the last `cargo xtask demo`. Prints the medians: items
acknowledged a second, the collector's CPU for each until it is stored, how many
two cores carry by that, and memory when the last one came. All goes to target/bench/collector.json.";

const ROUNDS: usize = 3;
const WORKERS: u32 = 4;
/// Log records and metric points of each worker.
const ITEMS: u32 = 50_000;
/// Spans of each worker: as many a second as telemetrygen gets rid of.
const SPANS_PER_SECOND: u32 = 1000;
const SPANS_SECONDS: u32 = 20;
const LIMIT: Duration = Duration::from_secs(120);
/// To ask costs the collector CPU, too.
const ASKED_EVERY: Duration = Duration::from_millis(500);
/// Children of a trace's first span.
const CHILDREN: u32 = 4;

type Variant = (&'static str, Option<&'static str>, &'static str);

/// What a collector is compared by: its name, its configuration if that is not ours,
/// and which traces it keeps.
const VARIANTS: [Variant; 3] = [
    (
        "passes on",
        Some("collector-config/bench/plain.yaml"),
        "00000000000000",
    ),
    ("Sightline, all traces kept", None, "00000000000000"),
    ("Sightline, a tenth kept", None, "e6666666666666"),
];
const SIGNALS: [(&str, &str); 3] = [
    ("traces", "spans"),
    ("logs", "log_records"),
    ("metrics", "metric_points"),
];

/// Where items come from.
enum Load {
    Generated(PathBuf),
    Pages(Pages),
}

/// A collector under a load.
struct Row<'a> {
    collector: &'a Variant,
    signal: (&'static str, &'static str),
    items: String,
    load: &'a Load,
    figures: Vec<Figures>,
}

impl<'a> Row<'a> {
    fn new(
        collector: &'a Variant,
        signal: (&'static str, &'static str),
        whose: &str,
        load: &'a Load,
    ) -> Self {
        Self {
            collector,
            signal,
            items: signal.1.replace('_', " ") + whose,
            load,
            figures: Vec::new(),
        }
    }
}

#[derive(Clone, Copy)]
struct Figures {
    per_second: f64,
    cpu_micros: f64,
    resident_mib: f64,
}

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let Some(rounds) = super::rounds("collector", HELP, ROUNDS, arguments)? else {
        return Ok(());
    };
    let logs = site.target.join("demo/logs");
    let of_pages = |signal| Pages::of_demo(&logs, signal).map(Load::Pages);
    let pages = [of_pages("traces")?, of_pages("logs")?];
    let parts = [Part::Collector];
    Setup::new(site, true, &parts)?
        .get_all(&parts, &[])?
        .provide();
    let output = site.target.join("bench");
    fs::create_dir_all(&output)?;
    let sources = site.path("collector-config/bench");
    let log = output.join("telemetrygen.log");
    recipe::go_build(&sources, &output, "tool", "", &log)?;
    let generated = Load::Generated(output.join("telemetrygen"));
    let servers = VARIANTS.iter().flat_map(|collector| {
        let row = |signal| Row::new(collector, signal, "", &generated);
        SIGNALS.map(row)
    });
    let [.., last] = &VARIANTS;
    let of_pages = SIGNALS.into_iter().zip(&pages);
    let of_pages = of_pages.map(|(signal, load)| Row::new(last, signal, " of pages", load));
    let mut rows: Vec<_> = servers.chain(of_pages).collect();
    for round in 1..=rounds {
        for row in &mut rows {
            let one = measure(site, row)?;
            row.figures.push(one);
        }
        println!("round {round} of {rounds}");
    }
    println!(
        "\n| collector | items | sent a second | CPU of one, µs | two cores carry | memory, MiB |\n|---|---|---|---|---|---|"
    );
    let mut all = Vec::new();
    for row in rows {
        let figures = median(&row.figures);
        println!(
            "| {} | {} | {:.0} | {:.1} | {:.0} | {:.0} |",
            row.collector.0,
            row.items,
            figures.per_second,
            figures.cpu_micros,
            2e6 / figures.cpu_micros,
            figures.resident_mib,
        );
        all.push(json!({
            "collector": row.collector.0,
            "items": row.items,
            "per_second": figures.per_second,
            "cpu_micros": figures.cpu_micros,
            "resident_mib": figures.resident_mib,
        }));
    }
    let text = serde_json::to_string_pretty(&all)? + "\n";
    fs::write(output.join("collector.json"), text)?;
    Ok(())
}

/// One collector, from its start, under one signal's load.
fn measure(site: &Site, row: &Row) -> Result<Figures> {
    let (_, instead, keep_from) = *row.collector;
    let (signal, items) = row.signal;
    let folder = tempfile::tempdir()?;
    let store = HttpServer::start(|_| Answer::new(200, ""))?;
    let mut collector = Collector::start_for(folder.path(), store.port)?;
    collector.keep_from = keep_from;
    collector.is_hurried = false;
    let is_plain = instead.is_some();
    collector.instead = instead.map(|path| site.path(path));
    if is_plain {
        collector.stop();
        collector.start_again()?;
    } else {
        collector.forward_to(store.port)?;
    }

    let cpu = || collector.own("otelcol_process_cpu_seconds", "");
    let before = cpu()?;
    let begun = Instant::now();
    let (receiver, least) = match row.load {
        Load::Generated(generator) => {
            let log = folder.path().join("telemetrygen.log");
            ("\"otlp\"", generate(generator, signal, &collector, &log)?)
        }
        Load::Pages(pages) => {
            let items = pages.send(collector.browser_port, signal)?;
            ("\"otlp/browser\"", items)
        }
    };
    let took = begun.elapsed();
    let accepted = collector.own(&format!("otelcol_receiver_accepted_{items}"), receiver)?;
    ensure!(
        accepted >= f64::from(least),
        "{accepted} {items} of {least}"
    );
    let resident = collector.own("otelcol_process_memory_rss", "")?;
    if !is_plain {
        wait_every(ASKED_EVERY, "all to be stored", LIMIT, || {
            let through = format!("otelcol_receiver_accepted_{items}");
            let through = collector.own(&through, "\"otlp/queue_")?;
            // Traces wait for their decision, and everything for its store.
            let traces = "otelcol_processor_tail_sampling_sampling_traces_on_memory";
            let waits = ["otelcol_exporter_queue_size", traces].map(|name| collector.own(name, ""));
            let [queued, undecided] = waits;
            Ok((through >= accepted && queued? + undecided? == 0.0).then_some(()))
        })?;
    }
    Ok(Figures {
        per_second: accepted / took.as_secs_f64(),
        cpu_micros: (cpu()? - before) * 1e6 / accepted,
        resident_mib: resident / f64::from(1 << 20),
    })
}

/// Has telemetrygen send; how many items it has sent at least.
fn generate(generator: &Path, signal: &str, collector: &Collector, log: &Path) -> Result<u32> {
    let mut command = Command::new(generator);
    let endpoint = format!("127.0.0.1:{}", collector.grpc_port);
    command.args([signal, "--otlp-insecure", "--otlp-endpoint", &endpoint]);
    command.arg(format!("--workers={WORKERS}"));
    command.args(["--otlp-attributes", "deployment.environment.name=\"bench\""]);
    command.args(["--telemetry-attributes", "http.route=\"/products/{id}\""]);
    match signal {
        "traces" => command.args([
            format!("--rate={SPANS_PER_SECOND}"),
            format!("--duration={SPANS_SECONDS}s"),
            format!("--child-spans={CHILDREN}"),
        ]),
        _ => command.args(["--rate=0".to_owned(), format!("--{signal}={ITEMS}")]),
    };
    process::run(&mut command, log)?;
    Ok(match signal {
        // A few are not sent when its time is over.
        "traces" => SPANS_PER_SECOND * SPANS_SECONDS * WORKERS / 2,
        _ => ITEMS * WORKERS,
    })
}

fn median(rounds: &[Figures]) -> Figures {
    let middle = |of: fn(&Figures) -> f64| {
        let mut sorted: Vec<_> = rounds.iter().map(of).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Figures {
        per_second: middle(|one| one.per_second),
        cpu_micros: middle(|one| one.cpu_micros),
        resident_mib: middle(|one| one.resident_mib),
    }
}
