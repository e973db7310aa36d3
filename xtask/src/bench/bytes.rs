//! `cargo xtask bench bytes`: what an item takes as the collector writes it, and as a
//! store keeps it compressed, of the visits that `cargo xtask demo` has made.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use sightline_tests::otlp;

use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask bench bytes

Reads what the last `cargo xtask demo` left in target/demo/logs, and prints for
spans and log records of edges, servers and pages: bytes as OTLP/JSON, bytes
compressed (gzip 6 over the stream of each service), and how many there are for
each request at the public edge.";

/// A file of the collector, the fields that lead to its items, and their name.
pub const FILES: [(&str, [&str; 3], &str); 2] = [
    (
        "traces.jsonl",
        ["resourceSpans", "scopeSpans", "spans"],
        "span",
    ),
    (
        "logs.jsonl",
        ["resourceLogs", "scopeLogs", "logRecords"],
        "log record",
    ),
];
/// The demo's public edge: each of its spans is of a request.
const PUBLIC_EDGE: &str = "edge";

/// What one service sent of one kind of items.
struct Stream {
    items: usize,
    bytes: usize,
    compressed: GzEncoder<Vec<u8>>,
}

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    if crate::flags("bench bytes", HELP, [], arguments)?.is_none() {
        return Ok(());
    }
    let logs = site.target.join("demo/logs");
    let mut requests = None;
    println!(
        "| item | OTLP/JSON, bytes | compressed, bytes | of each request at the public edge |\n|---|---|---|---|"
    );
    for (file, fields, name) in FILES {
        let streams = read(&logs.join(file), fields)?;
        let mut sums: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        for ((source, service), stream) in streams {
            if service == PUBLIC_EDGE && requests.is_none() {
                requests = Some(stream.items);
            }
            let compressed = stream.compressed.finish()?.len();
            let sum = sums.entry(source).or_default();
            for (sum, more) in sum.iter_mut().zip([stream.items, stream.bytes, compressed]) {
                *sum += more;
            }
        }
        let requests = requests.context("no request at the public edge")?;
        for (source, [items, bytes, compressed]) in sums {
            println!(
                "| {name} of {source} | {} | {} | {:.1} |",
                bytes / items,
                compressed / items,
                items as f64 / requests as f64
            );
        }
    }
    Ok(())
}

/// By who sent it, an edge, a server or a page, and by the service's name.
fn read(
    file: &Path,
    [groups, scopes, items]: [&str; 3],
) -> Result<BTreeMap<(&'static str, String), Stream>> {
    let mut streams = BTreeMap::new();
    otlp::each_group(file, 0, groups, |group| {
        let resource = otlp::attributes(&group["resource"]["attributes"]);
        let attribute = |key: &str| resource.get(key).and_then(Value::as_str);
        let source = match attribute("telemetry.sdk.language") {
            None => "an edge",
            Some("webjs") => "a page",
            Some(_) => "a server",
        };
        let service = attribute("service.name").unwrap_or_default().to_owned();
        let stream = streams.entry((source, service)).or_insert_with(|| Stream {
            items: 0,
            bytes: 0,
            compressed: GzEncoder::new(Vec::new(), Compression::new(6)),
        });
        stream.items += otlp::in_scopes(group, [scopes, items]).count();
        let text = group.to_string();
        stream.bytes += text.len();
        stream.compressed.write_all(text.as_bytes())?;
        Ok(())
    })?;
    ensure!(
        !streams.is_empty(),
        "{}: nothing in it; run `cargo xtask demo` first",
        file.display()
    );
    Ok(streams)
}
