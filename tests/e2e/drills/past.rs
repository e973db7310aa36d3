//! What Prometheus knows from before the drill: rules that compare with
//! yesterday can't wait for it. Written as blocks by promtool.

use anyhow::{Result, ensure};
use sightline_tests::{parts, process};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

/// A series that had this value all along.
pub struct Past<'a> {
    /// The metric.
    pub name: &'a str,
    /// Its labels.
    pub labels: &'a str,
    /// The value.
    pub value: f64,
}

/// So far back, in seconds.
const REACH: u64 = 2400;
const STEP: u64 = 5;

/// Writes the series into the data that Prometheus will open.
pub fn write(folder: &Path, series: &[Past<'_>]) -> Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = now.as_secs();
    let mut text = String::new();
    for past in series {
        // A counter's family is named without its suffix.
        let (family, kind) = match past.name.strip_suffix("_total") {
            Some(family) => (family, "counter"),
            None => (past.name, "unknown"),
        };
        writeln!(text, "# TYPE {family} {kind}")?;
        for at in (now - REACH..now).step_by(STEP as usize) {
            writeln!(text, "{}{{{}}} {} {at}", past.name, past.labels, past.value)?;
        }
    }
    text += "# EOF\n";
    let file = folder.join("past.txt");
    std::fs::write(&file, text)?;
    let mut promtool = Command::new(parts::require(parts::PROMTOOL)?);
    promtool.args(["tsdb", "create-blocks-from", "openmetrics"]);
    let output = process::run(promtool.arg(file).arg(folder.join("prometheus")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "promtool: {said}");
    Ok(())
}
