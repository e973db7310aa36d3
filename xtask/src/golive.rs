//! `cargo xtask golive`: the checklist for a service that goes live, asked of what runs.
//! What is asked is `sightline_tests::golive`; here it is told.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sightline_tests::golive::{self, Plan, Verdict};

use crate::Usage;
use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask golive --config FILE

Asks Prometheus, the edge and the stores that FILE names whether a service is ready
for people: a checklist, each line pass, FAIL or cannot tell, with what to do. It
fails where a line does. collector-config/go-live.md says what each line means and
what stands in FILE.";

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let file = match arguments {
        [flag] if matches!(flag.as_str(), "--help" | "-h") => {
            println!("{HELP}");
            return Ok(());
        }
        [flag, file] if flag == "--config" => Path::new(file),
        _ => {
            let text = "golive takes --config FILE; see cargo xtask golive --help";
            return Err(Usage(text.to_owned()).into());
        }
    };
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let plan = Plan::read(&text, &site.path("collector-config"))?;
    let answers = golive::run(&plan, |answer| println!("{answer}"));
    let count = |verdict| answers.iter().filter(|one| one.verdict == verdict).count();
    let failed = count(Verdict::Fail);
    println!(
        "\n{} pass, {failed} fail, {} cannot be told",
        count(Verdict::Pass),
        count(Verdict::CannotTell)
    );
    if failed > 0 {
        bail!("{failed} of {} lines fail", answers.len());
    }
    Ok(())
}
