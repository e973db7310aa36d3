//! `cargo xtask demo`: the whole line on loopback, a visit by a real browser,
//! and a report of what every part said about it. What runs and what is read
//! back is `sightline_tests::line`; here it is told.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use nix::sys::signal::{SigSet, Signal};
use sightline_tests::line::{Line, SETTLE_LIMIT};
use sightline_tests::process::wait_for;

use crate::part::Part;
use crate::report::{self, Findings, Steps};
use crate::setup;
use crate::site::Site;
use crate::symbolicate;

const HELP: &str = "\
Usage: cargo xtask demo [--keep]

Starts the example shop behind Envoy, the collector and Prometheus on loopback,
drives Chromium through visits, and writes target/demo/report.html,
target/demo/dashboards.html and target/demo/summary.json. Without Chromium the
visits are made by HTTP.

  --keep   leave everything running until Ctrl-C";

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let Some([keep]) = crate::flags("demo", HELP, ["--keep"], arguments)? else {
        return Ok(());
    };
    let tools = setup::quietly(site, &[Part::Alertmanager, Part::Firefox, Part::WebKit])?;
    tools.provide();
    let output = tools.target.join("demo");
    let logs = output.join("logs");
    if logs.exists() {
        std::fs::remove_dir_all(&logs)?;
    }
    std::fs::create_dir_all(&logs).context("make the folder for the report")?;

    let mut steps = Steps::default();
    for (part, seconds) in &tools.seconds {
        steps.add(&format!("set up {part}"), *seconds);
    }
    let line = steps.each(|done| Line::start(&logs, |part| done(&format!("start {part}"))))?;
    let visit = steps.time("visit", || line.visit())?;
    if !visit.by_browser {
        eprintln!(
            "No Chromium: the visit was made by HTTP, so there are no vitals or page errors."
        );
    }
    let findings = steps.time("read back", || find(&line, &visit))?;
    let view = steps.time("more visits, for the dashboards", || line.visits())?;
    let folder = tools.root.join("collector-config/dashboards");
    let drawn = steps.time("dashboards", || {
        report::dashboards::html(&line, &folder, &view)
    })?;
    let dashboards = output.join("dashboards.html");
    std::fs::write(&dashboards, drawn)?;
    let seconds = steps.into_seconds();
    let page = output.join("report.html");
    std::fs::write(&page, report::html(&line, &visit, &findings, &seconds))?;
    let summary = report::summary(&visit, &findings, &seconds);
    let text = serde_json::to_string_pretty(&summary)?;
    std::fs::write(output.join("summary.json"), text + "\n")?;
    print!("{}", report::text(&findings, &seconds));
    println!("\nreport   {}", shown(&page, &tools.root));
    println!("         {}", shown(&dashboards, &tools.root));
    println!(
        "summary  {}",
        shown(&output.join("summary.json"), &tools.root)
    );
    if keep {
        for (what, address) in report::addresses(&line) {
            println!("{what:<22} {address}");
        }
        println!("Running until Ctrl-C.");
        wait_for_the_end()?;
    }
    Ok(())
}

fn find(line: &Line, visit: &sightline_tests::line::Visit) -> Result<Findings> {
    let joined = line.joined_trace(&visit.checkout_trace_id()?, visit.layers())?;
    let counted = line.settled_requests()?;
    let expected_errors = if visit.by_browser { 2 } else { 0 };
    let errors = wait_for("the page's errors", SETTLE_LIMIT, || {
        let errors = line.browser_events("exception")?;
        Ok((errors.len() >= expected_errors).then_some(errors))
    })?;
    let maps = line.maps()?;
    let sources = errors.iter().map(|error| {
        let stack = error.text("exception.stacktrace");
        symbolicate::text(stack, &maps)
    });
    Ok(Findings {
        joined,
        navigations: line.navigations()?,
        sources: sources.collect::<Result<_>>()?,
        durations: report::durations(line)?,
        counted,
        vitals: line.browser_events("browser.web_vital")?,
        errors,
    })
}

fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Returns when somebody presses Ctrl-C or asks the process to end.
fn wait_for_the_end() -> Result<()> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;
    signals.wait()?;
    Ok(())
}

impl Steps {
    /// Times one step.
    fn time<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let begun = Instant::now();
        eprintln!("{name} …");
        let result = work().with_context(|| name.to_owned())?;
        self.add(name, begun.elapsed().as_secs_f64());
        Ok(result)
    }

    /// Times steps that say themselves when each is done.
    fn each<T>(&mut self, work: impl FnOnce(&mut dyn FnMut(&str)) -> Result<T>) -> Result<T> {
        let mut begun = Instant::now();
        work(&mut |name| {
            eprintln!("{name} … {:.1} s", begun.elapsed().as_secs_f64());
            self.add(name, begun.elapsed().as_secs_f64());
            begun = Instant::now();
        })
    }
}
