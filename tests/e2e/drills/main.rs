//! Fault drills: the shipped rules on the real stack, with time compressed.

mod load;
mod stage;

use load::Load;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use stage::Stage;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn faults_are_told_and_end() {
    let needed = [
        parts::ENVOY,
        parts::FILTER,
        parts::OTELCOL,
        parts::PROMETHEUS,
    ];
    if !parts::all_present(&needed) {
        return;
    }
    let stage = Stage::start().unwrap();
    let errors = Load::start(stage.ports[0], "/status/200", 4);
    let slow = Load::start(stage.ports[1], "/status/200", 12);
    let baseline = "sum by (job) (objective:events:increase5m{objective=\"availability\"})";
    wait_for("traffic at both edges", LIMIT, || {
        let found = stage.prometheus.query(baseline)?;
        let busy = found.iter().filter(|sample| sample.value > 100.0);
        Ok((busy.count() >= 2).then_some(()))
    })
    .unwrap();
    errors.turn("/status/500");
    slow.turn("/slow/700");
    let begun = Instant::now();
    for (alert, job) in [
        ("AvailabilityBudgetBurn", "edge-errors"),
        ("LatencyBudgetBurn", "edge-slow"),
    ] {
        let query = format!(
            "ALERTS{{alertname=\"{alert}\",job=\"{job}\",severity=\"page\",alertstate=\"firing\"}}"
        );
        wait_for(alert, LIMIT, || {
            Ok((!stage.prometheus.query(&query)?.is_empty()).then_some(()))
        })
        .unwrap();
        println!("{alert}: {:.1} s", begun.elapsed().as_secs_f64());
    }
}
