//! `cargo xtask test`: every test there is. The repository's own rules first,
//! then the native tests, then those that run on the real parts. All of them
//! run even where an early one fails; at the end stands why, and the last line
//! counts.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::failed_test::{FailedTest, Printed};
use crate::fuzz;
use crate::setup;
use crate::site::Site;
use crate::tools::Tools;

/// The package whose tests run the built filter on a host in memory.
const HOST_DOUBLE: &str = "sightline-host-double";

const HELP: &str = "\
Usage: cargo xtask test [--native]

Runs the checks of `cargo xtask check`, the native tests, the fuzz targets for a
few seconds each, the built filter on a host in memory, and the tests that run on
the real Envoy, collector, Prometheus, Alertmanager and Chromium.

  --native   leave out what needs the real parts, and the fuzz targets";

/// What one stage came to.
#[derive(Default)]
struct Outcome {
    passed: u64,
    failed: u64,
    skipped: u64,
    why_failed: Vec<FailedTest>,
}

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let Some([native]) = crate::flags("test", HELP, ["--native"], arguments)? else {
        return Ok(());
    };
    let tools = &if native {
        Tools::none(site)
    } else {
        setup::quietly(site, &[])?
    };
    let mut stages: Vec<(&str, Vec<&str>)> = vec![
        (
            "native",
            vec![
                "--workspace",
                "--exclude",
                "sightline-tests",
                "--exclude",
                HOST_DOUBLE,
            ],
        ),
        ("stack", vec!["--package", "sightline-tests", "--lib"]),
    ];
    if !native {
        stages.push(("host", vec!["--package", HOST_DOUBLE]));
        // One file at a time, and within it one after another: two cores do
        // not carry several stacks.
        for file in [
            "edge",
            "browser",
            "collector",
            "line",
            "dashboards",
            "alerts",
            "deploy",
            "probes",
            "drills",
        ] {
            stages.push((file, vec!["--package", "sightline-tests", "--test", file]));
        }
    }
    let mut seconds = tools.seconds.clone();
    let mut total = Outcome::default();
    let mut why = Vec::new();
    let mut add = |name: &str, work: &mut dyn FnMut() -> Result<Outcome>| -> Result<()> {
        let begun = Instant::now();
        let outcome = work().with_context(|| name.to_owned())?;
        seconds.push((name.to_owned(), begun.elapsed().as_secs_f64()));
        total.passed += outcome.passed;
        total.failed += outcome.failed;
        total.skipped += outcome.skipped;
        if outcome.failed > 0 && outcome.why_failed.is_empty() {
            why.push(format!("{name}: see what it says above"));
        }
        let tests = outcome.why_failed.iter();
        why.extend(tests.map(|test| format!("{name}: {test}")));
        Ok(())
    };
    add("checks", &mut || run_checks(tools))?;
    if !native {
        // They test the package that set-up has built.
        add("npm package", &mut || node_test(tools))?;
    }
    if !native {
        add("fuzz", &mut || run_fuzz(site))?;
    }
    for (name, packages) in &stages {
        add(name, &mut || cargo_test(tools, packages))?;
    }
    if !why.is_empty() {
        println!("\nwhy tests failed\n{}", why.join("\n\n"));
    }
    println!("\nseconds");
    for (stage, took) in &seconds {
        println!("  {stage:<36} {took:>6.1}");
    }
    let Outcome {
        passed,
        failed,
        skipped,
        ..
    } = total;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed > 0 {
        bail!("{failed} failed");
    }
    Ok(())
}

/// `cargo xtask check` as one test.
fn run_checks(tools: &Tools) -> Result<Outcome> {
    let program = std::env::current_exe()?;
    let status = Command::new(program)
        .arg("check")
        .current_dir(&tools.root)
        .status()?;
    Ok(Outcome {
        passed: u64::from(status.success()),
        failed: u64::from(!status.success()),
        ..Outcome::default()
    })
}

/// Each target for a few seconds, as one test each.
fn run_fuzz(site: &Site) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let targets = fuzz::targets(site)?;
    if let Some(what) = fuzz::missing() {
        println!("skipped: {what}");
        outcome.skipped = targets.len() as u64;
        return Ok(outcome);
    }
    for ran in fuzz::all(site, targets, fuzz::SHORT_SECONDS)? {
        outcome.passed += u64::from(ran.finding.is_none());
        outcome.failed += u64::from(ran.finding.is_some());
    }
    Ok(outcome)
}

fn cargo_test(tools: &Tools, packages: &[&str]) -> Result<Outcome> {
    let mut child = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--locked", "--no-fail-fast"])
        .args(packages)
        // Shows what a test without its part says of itself.
        .args(["--", "--test-threads", "1", "--show-output"])
        .current_dir(&tools.root)
        .envs(tools.env())
        .stdout(Stdio::piped())
        .spawn()
        .context("start cargo")?;
    let output = child.stdout.take().context("no output")?;
    let mut outcome = Outcome::default();
    let (mut results, mut without_part) = (0, 0);
    let mut printed = Printed::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        if let Some(counts) = line.strip_prefix("test result: ") {
            results += 1;
            outcome.passed += count_of(counts, "passed");
            outcome.failed += count_of(counts, "failed");
            outcome.skipped += count_of(counts, "ignored");
        } else if line.starts_with("skipped: ") {
            // Its test ended early, which the harness takes for a pass.
            without_part += 1;
        }
        outcome.why_failed.extend(printed.take(line));
    }
    outcome.passed = outcome.passed.saturating_sub(without_part);
    outcome.skipped += without_part;
    let status = child.wait()?;
    // What does not compile, or dies, has no count of its own.
    if !status.success() && outcome.failed == 0 || results == 0 {
        outcome.failed += 1;
    }
    Ok(outcome)
}

/// The tests of the npm package, by node's own runner.
fn node_test(tools: &Tools) -> Result<Outcome> {
    let package = tools.root.join("browser-sdk/npm");
    let mut files: Vec<_> = std::fs::read_dir(package.join("test"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    let output = Command::new(&tools.node)
        .args(["--test", "--test-reporter", "tap"])
        .args(files)
        .current_dir(&package)
        .stderr(Stdio::inherit())
        .output()
        .context("start node")?;
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    let count = |of: &str| {
        let mut lines = text.lines();
        let number = lines.find_map(|line| line.strip_prefix(of));
        number.and_then(|number| number.trim().parse().ok())
    };
    let mut outcome = Outcome {
        passed: count("# pass ").unwrap_or_default(),
        failed: count("# fail ").unwrap_or_default(),
        skipped: count("# skipped ").unwrap_or_default(),
        ..Outcome::default()
    };
    if outcome.failed == 0 && (!output.status.success() || outcome.passed == 0) {
        outcome.failed = 1;
    }
    Ok(outcome)
}

/// The number before a word: `38 passed;`.
fn count_of(text: &str, word: &str) -> u64 {
    let mut before = "";
    for part in text.split([' ', ';']) {
        if part == word {
            return before.parse().unwrap_or_default();
        }
        if !part.is_empty() {
            before = part;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::count_of;

    #[test]
    fn counts_are_read_from_cargos_line() {
        let line = "FAILED. 37 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out";
        assert_eq!(
            ["passed", "failed", "ignored", "absent"].map(|word| count_of(line, word)),
            [37, 1, 2, 0]
        );
    }
}
