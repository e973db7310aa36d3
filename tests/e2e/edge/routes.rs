//! Under which route a request counts: of whom the name is, and that made-up
//! paths don't take it away.

use crate::setup::{Edge, envoy_present, filter, filter_with};
use serde_json::{Value, json};
use sightline_tests::envoy::to_cluster;
use sightline_tests::http::get_all;
use sightline_tests::process::{free_port, wait_for};
use sightline_tests::red::{self, parse_page, total};
use std::collections::BTreeMap;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// Finished requests by route.
fn by_route(edge: &Edge) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for ((_, route, _), count) in red::requests(&parse_page(&edge.page()).unwrap()) {
        *counts.entry(route).or_default() += count;
    }
    counts
}

/// Waits until all workers have said what they counted.
fn all_of(edge: &Edge, requests: u64) -> BTreeMap<String, u64> {
    wait_for("every request to be counted", LIMIT, || {
        let counts = by_route(edge);
        let seen = counts.values().sum::<u64>();
        anyhow::ensure!(seen <= requests, "{seen} counted, {requests} sent");
        Ok((seen == requests).then_some(counts))
    })
    .unwrap()
}

/// A route that Envoy answers itself, without a body.
fn answered(prefix: &str) -> Value {
    json!({"match": {"prefix": prefix}, "direct_response": {"status": 200}})
}

/// Letters only, which no segment rule catches.
fn word(mut at: usize) -> String {
    let mut word = String::from("w");
    while at > 0 {
        word.push(char::from(b'a' + (at % 26) as u8));
        at /= 26;
    }
    word
}

fn made_up(at: usize) -> String {
    let name = word(at);
    match at % 4 {
        0 => format!("/{name}"),
        1 => format!("/help/{name}"),
        2 => format!("/{name}/{name}/{name}/{name}/{name}/{name}/{name}/{name}/{name}"),
        _ => format!("/cart/{}/{name}", word(at % 70)),
    }
}

#[test]
fn envoys_route_names_stand_between_templates_and_segments() {
    if !envoy_present() {
        return;
    }
    let mut checkout = to_cluster("/checkout", "upstream");
    checkout["name"] = json!("checkout");
    let mut default = to_cluster("/default", "upstream");
    default["name"] = json!("default");
    let routes = vec![checkout, default, to_cluster("/", "upstream")];
    let paths = [
        "/checkout/1/pay",
        "/checkout/products/2",
        "/default/3",
        "/carts/4",
    ];
    for (wanted, names) in [
        (
            true,
            [
                "/carts/{id}",
                "/checkout/products/{id}",
                "/default/{id}",
                "checkout",
            ],
        ),
        (
            false,
            [
                "/carts/{id}",
                "/checkout/products/{id}",
                "/checkout/{id}/pay",
                "/default/{id}",
            ],
        ),
    ] {
        let mut filter = filter_with("/use_route_name", json!(wanted));
        filter["routes"] = json!(["/checkout/products/{id}"]);
        let edge = Edge::start_routed(filter, 1, free_port().unwrap(), routes.clone());
        for path in paths {
            edge.get(path, &[]);
        }
        assert!(
            all_of(&edge, 4).into_keys().eq(names),
            "use_route_name: {wanted}"
        );
    }
}

#[test]
fn paths_of_an_openapi_document_are_routes() {
    if !envoy_present() {
        return;
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "https://pets.example/v1"}],
        "paths": {
            "/pets/{name}": {"get": {"responses": {"200": {"description": "a pet"}}}},
            "/files/{name}.json": {},
        },
    });
    let edge = Edge::start(filter_with("/openapi", document), 1);
    for path in [
        "/v1/pets/rex",
        "/v1/files/a.json",
        "/products/1",
        "/pets/rex",
    ] {
        edge.get(path, &[]);
    }
    let names = [
        "/pets/rex",
        "/products/{id}",
        "/v1/files/{name}.json",
        "/v1/pets/{name}",
    ];
    assert!(all_of(&edge, 4).into_keys().eq(names));
}

#[test]
fn a_crowded_place_collapses_in_all_workers_and_nothing_is_lost() {
    if !envoy_present() {
        return;
    }
    let routes = vec![answered("/")];
    let edge = Edge::start_routed(filter(), 4, free_port().unwrap(), routes);
    let send = |round: usize| {
        std::thread::scope(|scope| {
            for client in 0..8 {
                let users = (0..500).map(move |at| word(round * 4000 + client * 500 + at));
                let paths = users.map(|user| format!("/users/{user}/orders"));
                let paths = paths.chain(["/products/1".to_owned()]);
                scope.spawn(|| assert_eq!(get_all(edge.port, paths).unwrap(), 501));
            }
        });
    };
    send(0);
    all_of(&edge, 8 * 501);
    send(1);
    let counts = all_of(&edge, 2 * 8 * 501);
    assert_eq!(counts["/products/{id}"], 16);
    // What came before all workers knew is counted under its name or `_other`.
    let collapsed = counts["/users/{any}/orders"];
    assert!(collapsed >= 4000, "{collapsed} in {} routes", counts.len());
    assert!(counts.len() <= 64 + 3, "{} routes", counts.len());
}

/// Made-up paths in a round of a flood, and the most rounds.
const PATHS: usize = 25_000;
const ROUNDS: usize = 8;

#[test]
fn real_routes_have_their_names_though_a_flood_came_first() {
    if !envoy_present() {
        return;
    }
    let routes = vec![answered("/")];
    let edge = Edge::start_routed(filter(), 2, free_port().unwrap(), routes);
    let flood = |round: usize| {
        std::thread::scope(|scope| {
            for client in 0..4 {
                let paths = (0..6250).map(move |at| made_up(round * PATHS + client * 6250 + at));
                scope.spawn(|| assert_eq!(get_all(edge.port, paths).unwrap(), 6250));
            }
        });
        resident_kilobytes(edge.envoy.id())
    };
    // Envoy and the VM take memory of their own until they are warm. Kept names
    // alone would take twice as much in every round, for ever.
    let mut grown = Vec::new();
    let mut before = flood(0);
    let is_flat = (1..ROUNDS).any(|round| {
        let after = flood(round);
        grown.push(after.saturating_sub(before));
        before = after;
        grown.last().is_some_and(|grown| *grown < 700)
    });
    assert!(is_flat, "kB more with each {PATHS} paths: {grown:?}");
    let made_up = PATHS * (grown.len() + 1);
    let real = [
        "/",
        "/cart",
        "/checkout/payment",
        "/help/returns",
        "/products/1",
    ];
    for path in real {
        let paths = (0..200).map(|_| path.to_owned());
        assert_eq!(get_all(edge.port, paths).unwrap(), 200);
    }
    let counts = all_of(&edge, made_up as u64 + 5 * 200);
    for path in ["/", "/cart", "/checkout/payment", "/help/returns"] {
        let count = counts.get(path).copied().unwrap_or_default();
        assert!(count >= 100, "{path}: {count} of 200");
    }
    assert_eq!(counts["/products/{id}"], 200, "a template misses nothing");
    let page = parse_page(&edge.page()).unwrap();
    assert!(total(&page, "sightline_edge_series") <= 1001.0);
    assert_eq!(total(&page, "http_requests_in_progress"), 0.0);
}

#[test]
fn idle_series_go_and_come_back_as_new_ones() {
    if !envoy_present() {
        return;
    }
    let metrics = json!({"path": "/sightline/metrics", "expire_after_s": 10});
    let edge = Edge::start(filter_with("/metrics", metrics), 2);
    for _ in 0..3 {
        edge.get("/seldom", &[]);
    }
    assert_eq!(all_of(&edge, 3)["/seldom"], 3);
    wait_for("the idle series to go", LIMIT, || {
        edge.get("/products/1", &[]);
        Ok((!by_route(&edge).contains_key("/seldom")).then_some(()))
    })
    .unwrap();
    edge.get("/seldom", &[]);
    let counts = wait_for("it to come back", LIMIT, || {
        let counts = by_route(&edge);
        Ok(counts.contains_key("/seldom").then_some(counts))
    })
    .unwrap();
    assert_eq!(counts["/seldom"], 1);
    assert!(counts["/products/{id}"] > 1, "who is not idle counts on");
}

/// How much memory a process has in use.
fn resident_kilobytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let value = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    value.expect("Linux tells it")
}
