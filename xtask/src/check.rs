//! `cargo xtask check`: what can be said of the sources without running the
//! product. All of it runs, and every finding is told.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::direction;
use crate::r#gen;
use crate::guest::{TARGET, cargo};
use crate::progress::Progress;
use crate::recipe::wasm_target;
use crate::rulecheck;
use crate::site::Site;
use crate::tidy;

const HELP: &str = "\
Usage: cargo xtask check

Formatting, lints, generated documents, the direction of dependencies, our
Prometheus rules, and tidiness of files.";

type Step<'a> = (&'a str, Box<dyn Fn() -> Result<()> + 'a>);

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    if crate::flags("check", HELP, [], arguments)?.is_none() {
        return Ok(());
    }
    let mut steps: Vec<Step> = vec![
        (
            "formatting",
            Box::new(|| {
                cargo_command(site, &["fmt", "--all", "--check"])?;
                // A workspace of its own.
                let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
                cargo_command(site, &fuzz)
            }),
        ),
        (
            "lints",
            Box::new(|| clippy(site, &["--workspace", "--all-targets"])),
        ),
        (
            "generated documents",
            Box::new(|| r#gen::run(site, &["--check".into()])),
        ),
        (
            "direction of dependencies",
            Box::new(|| none(direction::check(site)?)),
        ),
        (
            "alerting rules",
            Box::new(|| none(rulecheck::of_ours(site)?)),
        ),
        ("tidiness", Box::new(|| none(tidy::check(site)?))),
    ];
    // The adapters to the hosts are compiled for no other target. Clippy takes
    // only a standard library that its own toolchain has built.
    let of_guests = "lints of the guests";
    match wasm_target::of_toolchain(site, &Progress::new(false)) {
        Ok(_) => {
            let guests = ["-p", direction::FILTER, "-p", direction::BROWSER];
            let what = [&guests[..], &["--lib", "--target", TARGET]].concat();
            steps.push((of_guests, Box::new(move || clippy(site, &what))));
        }
        Err(why) => println!("{of_guests} … skipped: {why:#}"),
    }
    let mut failed = Vec::new();
    for (name, step) in &steps {
        let started = Instant::now();
        match step() {
            Ok(()) => println!("{name} … good ({:.1} s)", started.elapsed().as_secs_f64()),
            Err(error) => {
                println!("{name} … bad\n{error:#}");
                failed.push(*name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("not good: {}", failed.join(", "));
    }
    Ok(())
}

fn clippy(site: &Site, what: &[&str]) -> Result<()> {
    let lints = [&["clippy", "--quiet"], what, &["--", "-D", "warnings"]];
    cargo_command(site, &lints.concat())
}

/// Its output is for the person who asked.
fn cargo_command(site: &Site, arguments: &[&str]) -> Result<()> {
    let status = Command::new(cargo())
        .args(arguments)
        .stdin(Stdio::null())
        .current_dir(&site.root)
        .status()?;
    if !status.success() {
        bail!("cargo {} says so above", arguments[0]);
    }
    Ok(())
}

fn none(findings: Vec<String>) -> Result<()> {
    if !findings.is_empty() {
        bail!("{}", findings.join("\n"));
    }
    Ok(())
}
