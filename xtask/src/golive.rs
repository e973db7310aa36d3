//! `cargo xtask golive`: the checklist for a service that goes live, asked of what runs.
//! What is asked is `sightline_tests::golive`; here it is told.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sightline_tests::golive::{self, Answer, Plan, Verdict};

use crate::site::Site;
use crate::{Ended, Usage};

const HELP: &str = "\
Usage: cargo xtask golive --config FILE

Asks Prometheus, the edge and the stores that FILE names whether a service is ready
for people: a checklist, each line pass, FAIL or cannot tell, with what to do.
collector-config/go-live.md says what each line means and what stands in FILE.

Exit code: 0 where every line passes, 1 where one fails (or FILE is no good), 3 where
none fails and one or more cannot be told.";

/// Exit code where no line fails, but not every one passes.
const UNTOLD: u8 = 3;

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
    outcome(&answers)
}

/// Only where every line passes, all is well.
fn outcome(answers: &[Answer]) -> Result<()> {
    let count = |verdict| answers.iter().filter(|one| one.verdict == verdict).count();
    let [passed, failed, untold] = [Verdict::Pass, Verdict::Fail, Verdict::CannotTell].map(count);
    println!("\n{passed} pass, {failed} fail, {untold} cannot be told");
    if failed > 0 {
        bail!("{failed} of {} lines fail", answers.len());
    }
    if untold > 0 {
        return Err(Ended(UNTOLD).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(verdicts: &[Verdict]) -> Option<u8> {
        let answer = |verdict: &Verdict| Answer {
            line: "a",
            verdict: *verdict,
            found: String::new(),
            to_do: "",
        };
        let answers: Vec<_> = verdicts.iter().map(answer).collect();
        let error = outcome(&answers).err()?;
        Some(error.downcast_ref::<Ended>().map_or(1, |ended| ended.0))
    }

    #[test]
    fn what_fails_and_what_cannot_be_told_have_exit_codes_of_their_own() {
        use Verdict::{CannotTell, Fail, Pass};
        assert_eq!(code(&[Pass, Pass]), None);
        assert_eq!(code(&[Pass, CannotTell]), Some(3));
        assert_eq!(code(&[CannotTell, Fail]), Some(1));
    }
}
