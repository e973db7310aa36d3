//! Past one machine: two agents, three gateways. All spans of a trace meet in one
//! gateway, and one that is killed loses nothing that was acknowledged.

use super::SETTLE_LIMIT;
use crate::store::Store;
use serde_json::json;
use sightline_core::web_vital;
use sightline_tests::collector::Collector;
use sightline_tests::otlp;
use sightline_tests::otlp_json::{self, histogram, metrics, pair, traces};
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use sightline_tests::prometheus::Prometheus;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

const GATEWAYS: [&str; 3] = ["gateway-0", "gateway-1", "gateway-2"];
const AGENTS: usize = 2;
const SENDERS: usize = 8;
/// Spans of a trace: from the edge, a server and the page.
const LAYERS: u64 = 3;
/// Traces that must be whole before, while and after a gateway is gone.
const TRACES: usize = 200;

/// What the senders were told is there.
#[derive(Default)]
struct Acknowledged {
    spans: Mutex<BTreeSet<u64>>,
    views: AtomicU64,
}

impl Acknowledged {
    fn traces(&self) -> usize {
        self.spans.lock().unwrap().len() / LAYERS as usize
    }
}

/// Id of a trace, spread as random ones are.
fn trace_id(number: u64) -> String {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{number:016x}{spread:016x}")
}

/// The span of this layer; who made it decides by which door it comes.
fn span(number: u64, layer: u64) -> String {
    let now = UNIX_EPOCH.elapsed().unwrap().as_nanos().to_string();
    let service = ["shop-browser", "edge", "shop-api"][layer as usize];
    let span = json!({
        "traceId": trace_id(number), "spanId": format!("{:016x}", number * LAYERS + layer),
        "name": "GET /cart", "kind": 2, "startTimeUnixNano": now, "endTimeUnixNano": now,
    });
    traces(&[pair("service.name", service)], &[span])
}

/// One trace, each span by another agent; tried again until it is acknowledged.
fn send(agents: &[Collector], number: u64, acknowledged: &Acknowledged, is_over: &AtomicBool) {
    for layer in 0..LAYERS {
        let agent = &agents[(number + layer) as usize % AGENTS];
        let port = if layer == 0 {
            agent.browser_port
        } else {
            agent.internal_port
        };
        let body = span(number, layer);
        while !otlp_json::post(port, "traces", &body).is_ok_and(|answer| answer.status == 200) {
            if is_over.load(Ordering::SeqCst) {
                return;
            }
        }
        let id = number * LAYERS + layer;
        acknowledged.spans.lock().unwrap().insert(id);
    }
    let bounds = web_vital::LCP.bounds();
    let view = histogram("browser.web_vital.lcp", (1, 0.1), 0, &bounds, &[]);
    let body = metrics("shop-browser", "1", &[view]);
    let agent = &agents[number as usize % AGENTS];
    if otlp_json::post(agent.browser_port, "metrics", &body)
        .is_ok_and(|answer| answer.status == 200)
    {
        acknowledged.views.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn traces_meet_in_one_gateway_and_a_killed_one_costs_nothing() {
    if !parts::all_present(&[parts::OTELCOL, parts::PROMETHEUS]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let prometheus = Prometheus::start(folder.path()).unwrap();
    let (store, server) = Store::start();
    store.is_up.store(true, Ordering::SeqCst);
    let start = |name: &'static str| {
        let own = folder.path().join(name);
        std::fs::create_dir(&own).unwrap();
        let mut collector = Collector::start(&own, Some(&prometheus)).unwrap();
        collector.name = name;
        collector
    };
    let mut gateways = GATEWAYS.map(|name| {
        let mut gateway = start(name);
        gateway.forward_to(server.port).unwrap();
        gateway
    });
    let agents = ["agent-0", "agent-1"].map(|name| {
        let mut agent = start(name);
        agent.send_to(&gateways.each_ref()).unwrap();
        agent
    });
    let acknowledged = Arc::new(Acknowledged::default());
    let (is_over, next) = (AtomicBool::new(false), AtomicU64::new(1));
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    send(&agents, number, &acknowledged, &is_over);
                }
            });
        }
        let more = |what: &str| {
            let had = acknowledged.traces();
            let came = wait_for(what, SETTLE_LIMIT, || {
                Ok((acknowledged.traces() >= had + TRACES).then_some(()))
            });
            came.inspect_err(|_| is_over.store(true, Ordering::SeqCst))
                .unwrap();
        };
        more("traces through all gateways");
        gateways[1].kill();
        more("traces while one gateway is gone");
        gateways[1].supervise().unwrap();
        more("traces when it is back");
        is_over.store(true, Ordering::SeqCst);
    });
    let spans = acknowledged.spans.lock().unwrap().clone();
    let views = acknowledged.views.load(Ordering::SeqCst) as f64;
    let mut left = (0, 0.0);
    let arrived = wait_for("all that was acknowledged", SETTLE_LIMIT, || {
        left.0 = spans.difference(&store.traces.lock().unwrap()).count();
        left.1 = views - prometheus.counted("browser_web_vital_lcp_seconds_count")?;
        Ok((left.0 == 0 && left.1 <= 0.0).then_some(()))
    });
    assert!(
        arrived.is_ok(),
        "missing {left:?} of {} spans, {views} views",
        spans.len()
    );

    // Where each trace has been, and how often each span.
    let mut been = BTreeMap::<String, BTreeSet<&str>>::new();
    let mut twice = 0;
    let mut seen = BTreeSet::new();
    for gateway in &gateways {
        for span in otlp::spans(&gateway.traces).unwrap() {
            twice += usize::from(!seen.insert(span.span_id.clone()));
            been.entry(span.trace_id).or_default().insert(gateway.name);
        }
    }
    for (trace, gateways) in &been {
        assert_eq!(gateways.len(), 1, "{trace} in {gateways:?}");
    }
    let used: BTreeSet<_> = been.values().flatten().collect();
    assert_eq!(used.len(), GATEWAYS.len(), "each has a share");
    let accepted = "sum_over_time(sightline_collector_spans_accepted{instance!=\"\"}[1h])";
    let accepted = format!("sum by (instance) ({accepted})");
    let sum = wait_for("the ledger", SETTLE_LIMIT, || {
        let accepted = prometheus.query(&accepted)?;
        let sum: f64 = accepted.iter().map(|sample| sample.value).sum();
        anyhow::ensure!(accepted.len() == GATEWAYS.len(), "{accepted:?}");
        anyhow::ensure!(sum >= spans.len() as f64, "{sum} of {}", spans.len());
        Ok(Some(sum))
    })
    .unwrap();
    println!(
        "{} spans of {} traces acknowledged, all there, {twice} twice; the ledger has {sum}",
        spans.len(),
        been.len(),
    );
}
