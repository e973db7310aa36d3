//! `cargo xtask fire`: sends test alerts to an Alertmanager that runs, and says
//! where they went. It needs no part.

use std::time::Duration;

use anyhow::Result;
use sightline_tests::alertmanager::Api;
use sightline_tests::test_alert::{self, SEVERITIES};

use crate::Usage;

const HELP: &str = "\
Usage: cargo xtask fire [--to <url>] [--severity <page|chat|ticket>] [--wait <seconds>]

Sends the alert SightlineTestAlert of each severity to an Alertmanager, says which
receivers each goes to, waits until they have been delivered, and ends them. It
fails where one is not delivered.

  --to        Alertmanager's address (http://127.0.0.1:9093)
  --severity  only this one
  --wait      how long to wait for the notifications (120)";

pub fn run(arguments: &[String]) -> Result<()> {
    let mut to = "http://127.0.0.1:9093".to_owned();
    let mut severities = SEVERITIES.to_vec();
    let mut wait = 120;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if matches!(argument.as_str(), "--help" | "-h") {
            println!("{HELP}");
            return Ok(());
        }
        let Some(value) = rest.next() else {
            return usage(&format!("`{argument}` is unknown or lacks its value"));
        };
        match argument.as_str() {
            "--to" => to.clone_from(value),
            "--severity" => severities.retain(|severity| severity == value),
            "--wait" => match value.parse() {
                Ok(seconds) => wait = seconds,
                Err(_) => return usage(&format!("`{value}` is no number of seconds")),
            },
            _ => return usage(&format!("no option `{argument}`")),
        }
        if severities.is_empty() {
            return usage(&format!("no severity `{value}`"));
        }
    }
    let api = Api::new(&to);
    let wait = Duration::from_secs(wait);
    test_alert::fire(&api, &severities, wait, &mut |line| println!("{line}"))
}

fn usage<T>(problem: &str) -> Result<T> {
    Err(Usage(format!("fire: {problem}; see cargo xtask fire --help")).into())
}
