//! `cargo xtask fuzz`: every parser and both state machines under libFuzzer,
//! on the stable compiler: the coverage counters are LLVM's own pass, the
//! driver comes with `libfuzzer-sys` and is built by the C++ compiler. What was
//! found once stands in `fuzz/found/` and always runs first.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sightline_tests::process::end_with_us;

use crate::Usage;
use crate::guest::{cargo, remapped};
use crate::process;
use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask fuzz [TARGET…] [--seconds N]

Runs the targets, or all of them, so many seconds each (600 unless told), on as
many cores as there are. New inputs are kept in target/fuzz/corpus for the next
time; one that breaks something in target/fuzz/found, and the exit code is 1.";

/// Seconds for each target unless told.
const SECONDS: u64 = 600;
/// In `cargo xtask test`.
pub const SHORT_SECONDS: u64 = 6;

const PACKAGE: &str = "sightline-fuzz";
const COVERAGE: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];
/// Inputs are headers, documents and records: all that is larger repeats itself.
const MAX_INPUT_BYTES: usize = 16 * 1024;
/// An input that takes longer is a finding.
const MAX_INPUT_SECONDS: u32 = 10;
const MAX_MEMORY_MIB: u32 = 2048;

/// What came of one target.
pub struct Outcome {
    pub target: String,
    pub executions: u64,
    pub seconds: f64,
    /// Why it ended early, and the file with the input.
    pub finding: Option<String>,
}

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let mut chosen = Vec::new();
    let mut seconds = SECONDS;
    let known = targets(site)?;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => {
                println!("{HELP}\n\nTargets: {}", known.join(", "));
                return Ok(());
            }
            "--seconds" => {
                let number = arguments.next().and_then(|text| text.parse().ok());
                seconds = number.ok_or_else(|| Usage("--seconds takes a number".into()))?;
            }
            name if known.iter().any(|known| known == name) => chosen.push(name.to_owned()),
            other => {
                let text = format!("no target `{other}`; there are {}", known.join(", "));
                return Err(Usage(text).into());
            }
        }
    }
    if chosen.is_empty() {
        chosen = known;
    }
    let outcomes = all(site, chosen, seconds)?;
    let findings: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.finding.as_deref())
        .collect();
    if !findings.is_empty() {
        bail!("{}", findings.join("\n"));
    }
    Ok(())
}

/// Whether targets can be built here.
pub fn missing() -> Option<&'static str> {
    process::on_path("c++")
        .is_none()
        .then_some("no C++ compiler (c++)")
}

/// The names of all targets, from where they are listed.
pub fn targets(site: &Site) -> Result<Vec<String>> {
    let source = fs::read_to_string(site.path("fuzz/src/main.rs")).context("read the targets")?;
    let names = source.split("name: \"").skip(1);
    Ok(names
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect())
}

/// Runs targets, as many at once as there are cores; prints a line for each.
pub fn all(site: &Site, targets: Vec<String>, seconds: u64) -> Result<Vec<Outcome>> {
    if let Some(what) = missing() {
        bail!("{what}");
    }
    let program = build(site)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut waiting = VecDeque::from(targets);
    let mut running: Vec<Running> = Vec::new();
    let mut outcomes = Vec::new();
    while !waiting.is_empty() || !running.is_empty() {
        while running.len() < cores
            && let Some(target) = waiting.pop_front()
        {
            running.push(Running::start(site, &program, target, seconds)?);
        }
        let ended = running
            .iter_mut()
            .position(|one| one.child.try_wait().is_ok_and(|end| end.is_some()));
        match ended {
            Some(at) => {
                let outcome = running.swap_remove(at).outcome()?;
                println!(
                    "{:<14} {:>12} executions in {:>6.1} s  {}",
                    outcome.target,
                    outcome.executions,
                    outcome.seconds,
                    outcome.finding.as_deref().unwrap_or("nothing found")
                );
                outcomes.push(outcome);
            }
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    }
    Ok(outcomes)
}

/// Builds the program that has all targets.
fn build(site: &Site) -> Result<PathBuf> {
    let folder = site.target.join("fuzz");
    let log = site.target.join("xtask/fuzz.log");
    let triple = host_triple()?;
    let mut flags: Vec<String> = COVERAGE.map(str::to_owned).to_vec();
    flags.extend(remapped(&[(&site.root, ".")])?);
    println!("building the targets (log: {})", log.display());
    let started = Instant::now();
    let mut command = Command::new(cargo());
    command
        .args(["build", "--release", "--locked", "--target", &triple])
        .arg("--manifest-path")
        .arg(site.path("fuzz/Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env_remove("RUSTFLAGS")
        .current_dir(&site.root);
    process::run(&mut command, &log)?;
    println!("built in {:.1} s", started.elapsed().as_secs_f64());
    Ok(folder.join(triple).join("release").join(PACKAGE))
}

/// Flags for a named target don't reach build scripts, which have no driver.
fn host_triple() -> Result<String> {
    let printed = process::output(Command::new("rustc").args(["--version", "--verbose"]))?;
    let triple = printed.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(triple.context("rustc names no host")?.to_owned())
}

/// A target that runs.
struct Running {
    child: Child,
    target: String,
    log: PathBuf,
    found: PathBuf,
    started: Instant,
}

impl Running {
    fn start(site: &Site, program: &Path, target: String, seconds: u64) -> Result<Self> {
        let folder = site.target.join("fuzz");
        let corpus = folder.join("corpus").join(&target);
        let seeds = folder.join("seeds").join(&target);
        let found = folder.join("found").join(&target);
        for folder in [&corpus, &seeds, &found] {
            fs::create_dir_all(folder)?;
        }
        let log = folder.join(format!("{target}.log"));
        let output = fs::File::create(&log)?;
        let mut command = Command::new(program);
        command
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={MAX_INPUT_BYTES}"))
            .arg(format!("-timeout={MAX_INPUT_SECONDS}"))
            .arg(format!("-rss_limit_mb={MAX_MEMORY_MIB}"))
            .arg("-print_final_stats=1")
            .arg(format!("-artifact_prefix={}/", found.display()))
            .args([&corpus, &seeds])
            .env("SIGHTLINE_FUZZ_TARGET", &target)
            .env("SIGHTLINE_FUZZ_SEEDS", &seeds)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let known = site.path("fuzz/found").join(&target);
        if known.is_dir() {
            command.arg(known);
        }
        let child = end_with_us(&mut command)
            .spawn()
            .context("start a target")?;
        Ok(Self {
            child,
            target,
            log,
            found,
            started: Instant::now(),
        })
    }

    fn outcome(mut self) -> Result<Outcome> {
        let status = self.child.wait()?;
        let log = fs::read(&self.log)?;
        let log = String::from_utf8_lossy(&log);
        let executions = log
            .lines()
            .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        let executions = executions
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or_default();
        let mut finding = None;
        if !status.success() || executions == 0 {
            let mut lines = log.lines();
            let why = lines.find(|line| line.contains("panicked at") || line.contains("ERROR: "));
            let what = lines.next().unwrap_or_default();
            finding = Some(format!(
                "{}: {} {what} (input in {}, log {})",
                self.target,
                why.unwrap_or("it ended"),
                self.found.display(),
                self.log.display()
            ));
        }
        Ok(Outcome {
            target: self.target,
            executions,
            seconds: self.started.elapsed().as_secs_f64(),
            finding,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_from_where_they_are_listed() {
        let site = Site::find().expect("this checkout is found");
        let names = targets(&site).expect("the list is there");
        assert!(names.iter().any(|name| name == "plugin"), "{names:?}");
        assert!(names.iter().all(|name| {
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        }));
    }
}
