//! What pages send: that of the last `cargo xtask demo`, over and over.

use std::path::Path;
use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sightline_tests::otlp;
use sightline_tests::otlp_json;

use crate::bench::bytes;

const SENDERS: usize = 8;
/// How many items they send together, at least.
const ITEMS: usize = 20_000;

/// A signal's bodies, and how many items all of them have.
pub struct Pages {
    bodies: Vec<String>,
    items: usize,
}

impl Pages {
    /// Of what the demo left in this folder.
    pub fn of_demo(logs: &Path, signal: &str) -> Result<Self> {
        let mut files = bytes::FILES.into_iter();
        let file = files.find(|(file, ..)| file.strip_suffix(".jsonl") == Some(signal));
        let (file, [groups, scopes, items], _) = file.context("a signal without a file")?;
        let file = logs.join(file);
        let mut pages = Self {
            bodies: Vec::new(),
            items: 0,
        };
        otlp::each_group(&file, 0, groups, |group| {
            let resource = otlp::attributes(&group["resource"]["attributes"]);
            if resource.get("telemetry.sdk.language") == Some(&json!("webjs")) {
                pages.items += otlp::in_scopes(group, [scopes, items]).count();
                pages.bodies.push(json!({groups: [group]}).to_string());
            }
            Ok(())
        })?;
        ensure!(
            pages.items > 0,
            "{}: nothing of a page in it; run `cargo xtask demo` first",
            file.display()
        );
        Ok(pages)
    }

    /// Sends all of it to this port, until that are enough items; how many they are.
    pub fn send(&self, port: u16, signal: &str) -> Result<u32> {
        let times = ITEMS.div_ceil(self.items);
        let part = self.bodies.len().div_ceil(SENDERS);
        thread::scope(|scope| {
            let senders = self.bodies.chunks(part).map(|bodies| {
                scope.spawn(move || -> Result<()> {
                    for body in (0..times).flat_map(|_| bodies) {
                        let sent = otlp_json::post(port, signal, body)?;
                        ensure!(sent.status == 200, "{}: {}", sent.status, sent.body);
                    }
                    Ok(())
                })
            });
            let senders: Vec<_> = senders.collect();
            senders
                .into_iter()
                .try_for_each(|sender| sender.join().unwrap_or_else(|_| anyhow::bail!("a panic")))
        })?;
        Ok(u32::try_from(self.items * times)?)
    }
}
