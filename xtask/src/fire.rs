//! `cargo xtask fire`: sends test alerts to an Alertmanager that runs, and says
//! where they went; or rehearses that with one of its own and a stand-in for the
//! receivers, for which nobody needs an account.

use std::time::Duration;

use anyhow::{Result, ensure};
use sightline_tests::alertmanager::{Alertmanager, Api, CHAT, Hours, PAGER, TICKET};
use sightline_tests::test_alert::{self, SEVERITIES};
use sightline_tests::webhook::Webhook;

use crate::Usage;
use crate::part::Part;
use crate::setup::Setup;
use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask fire [--to <url>] [--severity <page|chat|ticket>] [--wait <seconds>]
       cargo xtask fire --rehearse

Sends the alert SightlineTestAlert of each severity to an Alertmanager, says which
receivers each goes to, waits until they have been delivered, and ends them. It
fails where one is not delivered.

  --to        Alertmanager's address (http://127.0.0.1:9093)
  --severity  only this one
  --wait      how long to wait for the notifications (120)
  --rehearse  start an Alertmanager with our configuration and stand-ins for the
              receivers, in business hours 300 times as fast, and show what they got";

/// How much faster a rehearsal is.
const FASTER: u32 = 300;

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    if arguments == ["--rehearse"] {
        return rehearse(site);
    }
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
    let kept_back = test_alert::fire(&api, &severities, wait, &mut |line| println!("{line}"))?;
    ensure!(
        kept_back.len() < severities.len(),
        "every test alert is kept back"
    );
    Ok(())
}

fn rehearse(site: &Site) -> Result<()> {
    let wanted = [Part::Alertmanager];
    let tools = Setup::new(site, false, &wanted)?.get_all(&wanted, &[])?;
    tools.provide();
    let folder = tempfile::tempdir()?;
    let webhook = Webhook::start()?;
    let alertmanager = Alertmanager::start(folder.path(), &webhook, FASTER, Hours::Always)?;
    let wait = Duration::from_secs(30);
    test_alert::fire(&alertmanager.api, &SEVERITIES, wait, &mut |line| {
        println!("{line}");
    })?;
    for (what, path) in [("PagerDuty", PAGER), ("Slack", CHAT), ("tickets", TICKET)] {
        for received in webhook.received(path) {
            println!("\n{what} got {received:#}");
        }
    }
    Ok(())
}

fn usage<T>(problem: &str) -> Result<T> {
    Err(Usage(format!("fire: {problem}; see cargo xtask fire --help")).into())
}
