//! `cargo xtask bench edge`: what the filter adds to a request, beside the same
//! Envoy without it and with Envoy's own tracer and access log, in one run and in
//! turn. All send to the same collector, from one worker, in front of the same
//! upstream.

mod load;
mod memory;
mod stage;
mod table;
mod variant;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::part::Part;
use crate::setup::Setup;
use crate::site::Site;
use load::Load;
use stage::Stage;
use table::Measured;
use variant::VARIANTS;

const HELP: &str = "\
Usage: cargo xtask bench edge [ROUNDS]

Loads an Envoy with one worker in each of several configurations in turn, 5
rounds or as many as given (about a minute each), and prints the medians: CPU
and latency of a request, what each adds to the Envoy without filter and tracer,
how many of the spans arrived, and memory of further workers. All figures go to
target/bench/edge.json.";

const ROUNDS: usize = 5;
/// Requests for CPU, as fast as they go.
const REQUESTS: usize = 40_000;
/// A fixed rate, for latency.
const PER_SECOND: u32 = 2000;
const LATENCY_TIME: Duration = Duration::from_secs(3);

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let Some(rounds) = super::rounds("edge", HELP, ROUNDS, arguments)? else {
        return Ok(());
    };
    let parts = [Part::Envoy, Part::Filter, Part::Collector];
    Setup::new(site, true, &parts)?
        .get_all(&parts, &[])?
        .provide();
    let folder = tempfile::tempdir()?;
    let stage = Stage::start(folder.path())?;
    let mut measured: Vec<_> = VARIANTS.iter().map(Measured::new).collect();
    // The first round warms up and does not count.
    for round in 0..=rounds {
        for (variant, measured) in VARIANTS.iter().zip(&mut measured) {
            let edge = stage.edge(variant)?;
            let load = Load::of(edge.port);
            let work = || load.as_fast_as_it_goes(REQUESTS);
            let (cpu, spans) = edge.cpu_of(work, || stage.spans())?;
            let latency = load.at_rate(PER_SECOND, LATENCY_TIME)?;
            if round > 0 {
                measured.add(cpu.as_secs_f64() / REQUESTS as f64, &latency, spans);
            }
        }
        match round {
            0 => println!("warmed up"),
            _ => println!("round {round} of {rounds}"),
        }
    }
    print!("\n{}", table::text(&measured, REQUESTS));
    let host_calls = host_calls(site)?;
    println!("one GET with everything on makes {host_calls} host calls (docs/host-calls.md)");
    let memory = memory::measure(&stage)?;
    print!("\n{}", memory::text(&memory));
    let output = site.target.join("bench/edge.json");
    fs::create_dir_all(site.target.join("bench"))?;
    let all = json!({"rounds": rounds, "requests": REQUESTS, "per_second": PER_SECOND,
        "host_calls": host_calls, "variants": table::json(&measured),
        "memory": memory::json(&memory)});
    fs::write(&output, serde_json::to_string_pretty(&all)? + "\n")?;
    println!("\nwritten to {}", output.display());
    Ok(())
}

/// As a test counts them on the host double, which compares them with this page.
fn host_calls(site: &Site) -> Result<u32> {
    let page = fs::read_to_string(site.path("docs/host-calls.md"))?;
    let count = page.lines().find_map(|line| line.strip_prefix("In all: "));
    Ok(count.context("docs/host-calls.md has no sum")?.parse()?)
}
