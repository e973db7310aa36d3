//! Bad configuration: refused with every problem by its path, and the last
//! good one stays.

use crate::setup::{Edge, envoy_present};
use serde_json::json;
use sightline_tests::envoy::{Envoy, Listener, direct};
use sightline_tests::process::free_port;

fn bad() -> serde_json::Value {
    json!({
        "service": {"name": "", "colour": "red"},
        "trace": {"sample_ratio": 7, "incoming": "maybe"},
        "routes": ["/ok", "no-slash", "/a{b"],
        "export": {"cluster": "collector", "interval_ms": "soon"},
        "exprt": {},
    })
}

const PROBLEMS: [&str; 8] = [
    "service.name",
    "service.colour",
    "trace.sample_ratio",
    "trace.incoming",
    "routes[1]",
    "routes[2]",
    "export.interval_ms",
    "exprt",
];

#[test]
fn envoy_refuses_to_start_and_lists_every_problem() {
    if !envoy_present() {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let listener = Listener {
        name: "edge",
        port: free_port().unwrap(),
        filter: Some(bad()),
        routes: vec![direct("/", 200)],
    };
    let envoy = Envoy::spawn_static(folder.path(), &listener, &[("collector", 1)]).unwrap();
    let (code, output) = { envoy }.wait_end().unwrap();
    assert_ne!(code, 0);
    for problem in PROBLEMS {
        assert!(output.contains(problem), "{problem} is not in:\n{output}");
    }
}

#[test]
fn a_bad_update_keeps_the_last_good_configuration() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(crate::setup::filter(), 2);
    edge.get("/products/1", &[]);
    let mut broken = edge.listener.clone();
    broken.filter = Some(bad());
    let reason = edge.envoy.update(&[broken]).unwrap();
    assert!(
        reason.is_some(),
        "Envoy took a configuration that the filter refuses"
    );
    for problem in PROBLEMS {
        assert!(
            edge.envoy.output().contains(problem),
            "{problem} is not in the log"
        );
    }
    let seen = edge.get("/products/2", &[]);
    assert!(
        seen.answer.header("x-request-id").is_some(),
        "the filter still works"
    );
    assert!(edge.page().contains("/products/{id}"));
}
