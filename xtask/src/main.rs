//! Every developer command: `cargo xtask setup|demo|test|check|gen|bench|dist|fire|golive`,
//! `rulecheck` for anybody's Prometheus rules, `symbolicate` for stacks.
//! Here: arguments, dispatch and exit codes (0 done, 1 failed, 2 not understood;
//! `golive` and `symbolicate` have more). Each command first sets up what it needs; see `setup.rs`.

mod bench;
mod cache;
mod check;
mod debian;
mod demo;
mod direction;
mod dist;
mod failed_test;
mod fire;
mod fuzz;
mod r#gen;
mod golive;
mod guest;
mod manifest;
mod part;
mod prerequisites;
mod process;
mod progress;
mod recipe;
mod report;
mod rulecheck;
mod sdk;
mod setup;
mod site;
mod sizes;
mod symbolicate;
mod test;
mod tidy;
mod tools;
mod version;

use std::process::ExitCode;

use anyhow::Result;
use site::Site;

const HELP: &str = "\
Usage: cargo xtask <command> [arguments]

  setup   get every part that the other commands need, into a per-user cache
  demo    start the whole line on loopback, drive a browser through it, write a report
  test    run every test there is
  check   formatting, lints, generated files, direction of dependencies, tidiness
  gen     write the generated files (--check: fail where one is out of date)
  bench   print the sizes of what dist makes; `bench browser` compares SDKs
  dist    build dist/filter/*.wasm, dist/npm/*.tgz and dist/sizes.json
  fuzz    run every parser and both state machines under libFuzzer
  fire    send test alerts to an Alertmanager and see that they are delivered
  golive  ask what runs whether a new service is ready: a checklist, line by line

  rulecheck FILE…              find mistakes in anybody's Prometheus rule files
  symbolicate --maps FOLDER    take a minified stack back to its source

Each command gets the parts it needs first and prints how long that took; the
second time there is nothing to do. `cargo xtask <command> --help` says more.

Environment: SIGHTLINE_HOME (the cache; by default sightline in the user's cache
directory), SIGHTLINE_ENVOY, SIGHTLINE_OTELCOL, SIGHTLINE_PROMETHEUS,
SIGHTLINE_ALERTMANAGER, SIGHTLINE_CHROMIUM (a program to use instead of the one set up here), CI=true
(a part that can't be had is a failure).";

/// A command line that can't be carried out as written: exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A program of ours that has said why it ended so: its exit code is ours.
#[derive(Debug)]
pub struct Ended(pub u8);

impl std::fmt::Display for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ended with {}", self.0)
    }
}

impl std::error::Error for Ended {}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(ended) = error.downcast_ref::<Ended>() {
                return ExitCode::from(ended.0);
            }
            for line in format!("{error:#}").lines() {
                eprintln!("error: {line}");
            }
            if error.is::<Usage>() {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (command, rest) = match arguments.split_first() {
        None => return Err(Usage("no command given; see cargo xtask --help".into()).into()),
        Some((command, rest)) => (command.as_str(), rest),
    };
    if matches!(command, "help" | "--help" | "-h") {
        println!("{HELP}");
        return Ok(());
    }
    let site = Site::find()?;
    match command {
        "setup" => setup::run(&site, rest),
        "demo" => demo::run(&site, rest),
        "test" => test::run(&site, rest),
        "check" => check::run(&site, rest),
        "gen" => r#gen::run(&site, rest),
        "bench" => bench::run(&site, rest),
        "dist" => dist::run(&site, rest),
        "fuzz" => fuzz::run(&site, rest),
        "fire" => fire::run(&site, rest),
        "golive" => golive::run(&site, rest),
        "rulecheck" => rulecheck::run(rest),
        "symbolicate" => symbolicate::run(rest),
        other => Err(Usage(format!("no command `{other}`; see cargo xtask --help")).into()),
    }
}

/// Takes the flags that a command knows out of its arguments.
pub fn flags<const N: usize>(
    command: &str,
    help: &str,
    known: [&str; N],
    arguments: &[String],
) -> Result<Option<[bool; N]>> {
    let mut given = [false; N];
    for argument in arguments {
        if matches!(argument.as_str(), "--help" | "-h") {
            println!("{help}");
            return Ok(None);
        }
        match known.iter().position(|flag| flag == argument) {
            Some(index) => given[index] = true,
            None => {
                let text =
                    format!("{command} takes no `{argument}`; see cargo xtask {command} --help");
                return Err(Usage(text).into());
            }
        }
    }
    Ok(Some(given))
}
