//! The loss ledger under faults: what the edge says that it sent is what the collector
//! says that it took, and what the stores have.

use crate::setup::{Edge, envoy_present, filter_with};
use crate::store::Store;
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::http::Client;
use sightline_tests::http_server::HttpServer;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use sightline_tests::prometheus::Prometheus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);
const CLIENTS: usize = 2;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(5);

/// An edge under load, a collector that forwards, and what it writes to.
struct Stage {
    edge: Edge,
    collector: Collector,
    store: Arc<Store>,
    _server: HttpServer,
    prometheus: Prometheus,
    _folder: TempDir,
}

/// What each says of one signal.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Account {
    produced: f64,
    exported: f64,
    dropped: f64,
    accepted: f64,
    /// Different ones that the store has, and all that came to it.
    stored: f64,
    came: f64,
}

impl Stage {
    /// Starts it; nothing where a part is missing.
    fn start(queue_bytes: u32, edge_queue_bytes: u32) -> Option<Self> {
        let stores = [parts::OTELCOL, parts::PROMETHEUS];
        if !envoy_present() || !parts::all_present(&stores) {
            return None;
        }
        let folder = TempDir::new().unwrap();
        let prometheus = Prometheus::start(folder.path()).unwrap();
        let mut collector = Collector::start(folder.path(), Some(&prometheus)).unwrap();
        let (store, server) = Store::start();
        store.is_up.store(true, Ordering::SeqCst);
        collector.queue_bytes = queue_bytes;
        collector.forward_to(server.port).unwrap();
        let export = json!({
            "cluster": "collector", "interval_ms": 200, "max_queue_bytes": edge_queue_bytes,
        });
        let mut filter = filter_with("/export", export);
        filter["logs"] = json!({"access": "otlp"});
        let edge = Edge::start_with_collector(filter, 2, collector.internal_port);
        Some(Self {
            edge,
            collector,
            store,
            _server: server,
            prometheus,
            _folder: folder,
        })
    }

    /// Requests, one after another, until what happens meanwhile is over.
    fn load_while<T>(&mut self, during: impl FnOnce(&Edge, &mut Collector, &Store) -> T) -> T {
        let is_over = AtomicBool::new(false);
        let url = self.edge.url("/direct");
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let client = Client::default();
                    while !is_over.load(Ordering::SeqCst) {
                        assert_eq!(client.get(&url, &[]).unwrap().status, 200);
                        std::thread::sleep(PAUSE);
                    }
                });
            }
            let ends = Ends(&is_over);
            let result = during(&self.edge, &mut self.collector, &self.store);
            drop(ends);
            result
        })
    }

    fn account(&self, items: &str) -> anyhow::Result<(Account, f64)> {
        let [produced, exported, dropped, queued] = self.edge.account(items);
        let accepted = format!("sightline_collector_{items}_accepted{{job=\"edge\"}}");
        let accepted = self
            .prometheus
            .query(&format!("sum_over_time({accepted}[1h])"))?;
        let (stored, came) = match items {
            "spans" => (&self.store.traces, &self.store.spans),
            _ => (&self.store.logs, &self.store.log_records),
        };
        let account = Account {
            produced,
            exported,
            dropped,
            accepted: accepted.iter().map(|sample| sample.value).sum(),
            stored: stored.lock().unwrap().len() as f64,
            came: came.load(Ordering::SeqCst) as f64,
        };
        Ok((account, queued))
    }

    /// The account when nothing is under way any more and these hold.
    fn settled(&self, items: &str, holds: impl Fn(&Account) -> bool) -> Account {
        let mut last = None;
        let settled = wait_for("the ledger", LIMIT, || {
            let (account, queued) = self.account(items)?;
            last = Some(account);
            Ok((queued == 0.0 && holds(&account)).then_some(account))
        });
        let account = settled.unwrap_or_else(|error| panic!("{items}: {last:?}\n{error:#}"));
        assert_eq!(
            account.produced,
            account.exported + account.dropped,
            "{items}: {account:?}"
        );
        println!("{items}: {account:?}");
        account
    }
}

/// Has the load end, also where the test fails before.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What the edge calls exported, nobody has more or less of.
fn all_agree(account: &Account) -> bool {
    account.accepted == account.exported
        && account.came == account.exported
        && nothing_is_missing(account)
}

/// The same, where something may have come twice.
fn nothing_is_missing(account: &Account) -> bool {
    account.accepted >= account.exported && account.stored == account.exported
}

#[test]
fn a_store_that_is_down_for_a_minute_costs_nothing() {
    let Some(mut stage) = Stage::start(256 << 20, 1 << 20) else {
        return;
    };
    stage.load_while(|_, _, store| {
        store.is_up.store(false, Ordering::SeqCst);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(PAUSE);
        }
        store.is_up.store(true, Ordering::SeqCst);
    });
    for items in ["spans", "log_records"] {
        let account = stage.settled(items, all_agree);
        assert_eq!(account.dropped, 0.0, "{account:?}");
        assert!(account.produced > 1000.0, "{account:?}");
    }
    let kept = "sum_over_time(sightline_collector_spans_kept{job=\"edge\"}[1h])";
    let kept = stage.prometheus.query(kept).unwrap();
    let spans = stage.settled("spans", all_agree);
    assert_eq!(kept[0].value, spans.exported, "all of them are kept");
}

#[test]
fn a_collector_that_is_killed_costs_nothing_that_it_acknowledged() {
    let Some(mut stage) = Stage::start(256 << 20, 1 << 20) else {
        return;
    };
    stage.load_while(|_, collector, store| {
        for _ in 0..3 {
            let had = store.traces.lock().unwrap().len();
            wait_for("more spans in the store", LIMIT, || {
                collector.supervise()?;
                Ok((store.traces.lock().unwrap().len() > had + 200).then_some(()))
            })
            .unwrap();
            collector.kill();
            collector.supervise().unwrap();
        }
    });
    for items in ["spans", "log_records"] {
        // What it took and could not acknowledge any more comes again.
        let account = stage.settled(items, nothing_is_missing);
        assert_eq!(account.dropped, 0.0, "{account:?}");
        // Of three batches at most, and of what one write counted.
        let most = 2.0 * account.exported;
        assert!(
            account.accepted < most && account.came < most,
            "{account:?}"
        );
    }
}

#[test]
fn when_nothing_more_fits_the_edge_counts_what_it_gives_up() {
    let Some(mut stage) = Stage::start(200_000, 64 << 10) else {
        return;
    };
    stage.load_while(|edge, collector, store| {
        store.is_up.store(false, Ordering::SeqCst);
        let full = wait_for("both to be full", LIMIT, || {
            let mut is_full = true;
            for items in ["spans", "log_records"] {
                let refused = collector.own(&format!("otelcol_receiver_refused_{items}"), "")?;
                is_full &= edge.account(items)[2] > 0.0 && refused > 0.0;
            }
            Ok(is_full.then_some(()))
        });
        full.unwrap();
        store.is_up.store(true, Ordering::SeqCst);
    });
    for items in ["spans", "log_records"] {
        let account = stage.settled(items, all_agree);
        assert!(account.dropped > 0.0, "{account:?}");
    }
}
