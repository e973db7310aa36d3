//! Totals are exact while listeners are reloaded and VMs replaced under a load
//! that ends in every way: what the load generator counted, what Envoy logged
//! and what the filter says is the same.

use crate::endings::stage::{Stage, UNKNOWN, send};
use crate::setup::envoy_present;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sightline_tests::h2::{CANCEL, Connection};
use sightline_tests::process::wait_for;
use sightline_tests::red::Requests;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const CONNECTIONS: usize = 6;

/// What one request of the load leaves: method, route, status.
type Left = (&'static str, &'static str, u16);

/// Sends something, sees it end, and says what is to be counted.
type Act = fn(u16) -> Result<Vec<Left>>;

const MIX: [Act; 9] = [
    |port| plain(port, ("GET", "/e/ok", 200)),
    |port| plain(port, ("DELETE", "/e/status-404", 404)),
    |port| plain(port, ("GET", "/e/refused", 503)),
    |port| plain(port, ("POST", "/e/reset-before", 503)),
    // Envoy's own 100 says that it has the headers; it stays the last status.
    |port| {
        let head = "POST /e/upload HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n";
        let mut line = send(port, head.as_bytes())?;
        ensure!(line.status()? == 100);
        line.reset()?;
        Ok(vec![("POST", "/e/upload", 100)])
    },
    |port| {
        let mut line = send(port, b"GET /e/drip HTTP/1.1\r\nhost: a\r\n\r\n")?;
        line.read_to("hello\r\n")?;
        line.reset()?;
        Ok(vec![("GET", "/e/drip", 200)])
    },
    |port| {
        let mut line = send(port, b"GET / HTTP/1.1\r\nno colon\r\n\r\n")?;
        ensure!(line.status()? == 400);
        Ok(vec![("_OTHER", UNKNOWN, 400)])
    },
    |port| {
        let head = "GET /e/upgrade HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        let mut line = send(port, head.as_bytes())?;
        ensure!(line.status()? == 101);
        line.write(b"hello")?;
        line.read_to("hello")?;
        Ok(vec![("GET", "/e/upgrade", 101)])
    },
    |port| {
        let mut connection = Connection::open(port)?;
        let cancelled = connection.begin("PUT", "/e/never", true)?;
        let others = [
            connection.begin("POST", "/e/grpc-13", true)?,
            connection.begin("GET", "/e/slow-50", true)?,
        ];
        connection.reset(cancelled, CANCEL)?;
        for end in connection.ends(&others)? {
            ensure!(end.status == Some(200), "{end:?}");
        }
        Ok(vec![
            ("PUT", "/e/never", 0),
            ("POST", "/e/grpc-13", 200),
            ("GET", "/e/slow-50", 200),
        ])
    },
];

fn plain(port: u16, left: Left) -> Result<Vec<Left>> {
    let (method, path, status) = left;
    let head = format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut line = send(port, head.as_bytes())?;
    let got = line.status()?;
    line.read_to_end()?;
    ensure!(got == status, "{method} {path}: {got}");
    Ok(vec![left])
}

/// Runs the mix over several connections at once until `during` is done.
fn load_while(port: u16, during: impl FnOnce() -> Result<()>) -> Result<Requests> {
    let is_over = AtomicBool::new(false);
    let one = |from: usize| -> Result<Requests> {
        let mut counts = Requests::new();
        let mut at = from;
        while !is_over.load(Ordering::SeqCst) {
            for (method, route, status) in MIX[at % MIX.len()](port)? {
                let key = (method.to_owned(), route.to_owned(), status);
                *counts.entry(key).or_default() += 1;
            }
            at += 1;
        }
        Ok(counts)
    };
    let one = &one;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|at| scope.spawn(move || one(at)))
            .collect();
        let done = during();
        is_over.store(true, Ordering::SeqCst);
        let mut total = Requests::new();
        for worker in workers {
            let counts = worker
                .join()
                .map_err(|_| anyhow::anyhow!("a load thread panicked"))??;
            for (key, count) in counts {
                *total.entry(key).or_default() += count;
            }
        }
        done.map(|()| total)
    })
}

/// A reload: whether nothing is left of what was before, and what changes.
type Reload = (bool, fn(&mut Value));

const RELOADS: [(&str, Reload); 4] = [
    (
        "another configuration",
        (true, |filter| {
            filter["configuration"]["value"]["service"]["version"] = json!("2");
        }),
    ),
    (
        "another configuration of the VM, so a new VM",
        (true, |filter| {
            filter["vm_config"]["configuration"] = json!({
                "@type": "type.googleapis.com/google.protobuf.StringValue", "value": "3",
            });
        }),
    ),
    ("back to the first", (true, |_| {})),
    // Shared data belongs to a vm_id: there are two records from now on.
    (
        "another vm_id beside the old one",
        (false, |filter| {
            filter["vm_config"]["vm_id"] = json!("another");
        }),
    ),
];

fn totals_are_exact(workers: u32) {
    if !envoy_present() {
        return;
    }
    let routes = BTreeSet::from([
        "/e/ok",
        "/e/status-404",
        "/e/refused",
        "/e/reset-before",
        "/e/upload",
        "/e/drip",
        "/e/upgrade",
        "/e/never",
        "/e/grpc-13",
        "/e/slow-50",
    ]);
    let stage = Stage::start(workers, &routes);
    let start = stage.witnesses().unwrap();
    let mut sent = Requests::new();
    for (what, (moves_probe, change)) in RELOADS {
        let counted = load_while(stage.port, || {
            stage.wait_total(200)?;
            stage.replace(moves_probe, &change)?;
            // The load goes on with the new one for a while, too.
            stage.wait_total(200)
        });
        for (key, count) in counted.unwrap() {
            *sent.entry(key).or_default() += count;
        }
        let agreed = wait_for(what, LIMIT, || {
            stage.witnesses()?.since(&start).agree_on(&sent)?;
            Ok(Some(()))
        });
        agreed.unwrap();
    }
    let total: u64 = sent.values().sum();
    assert!(
        total > 8 * 200 && sent.len() == 11,
        "{total} requests of {} kinds",
        sent.len()
    );
    eprintln!(
        "{workers} workers: {total} requests, {} reloads",
        RELOADS.len()
    );
}

#[test]
fn totals_are_exact_at_one_worker() {
    totals_are_exact(1);
}

#[test]
fn totals_are_exact_at_two_workers() {
    totals_are_exact(2);
}

#[test]
fn totals_are_exact_at_four_workers() {
    totals_are_exact(4);
}
