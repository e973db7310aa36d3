//! Of a person's address its network stays, in what servers send as in what pages do.

use super::{SETTLE_LIMIT, Stage};
use serde_json::{Value, json};
use sightline_core::client_address;
use sightline_tests::otlp::{self, Span};
use sightline_tests::otlp_json::{self, pair, traces};
use sightline_tests::process::wait_for;
use std::net::IpAddr;

/// An address as it is written somewhere, and what is left of it.
const CUT: [(&str, Option<&str>); 17] = [
    ("203.0.113.77", Some("203.0.113.0")),
    ("::ffff:203.0.113.77", Some("203.0.113.0")),
    ("::FFFF:203.0.113.77", Some("203.0.113.0")),
    ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1::")),
    ("2001:DB8:1:2::9", Some("2001:DB8:1::")),
    ("2001:db8::9", Some("2001:db8::")),
    ("2001::9", Some("2001::")),
    ("::1", Some("::")),
    ("203.0.113.77:4711", Some("203.0.113.0")),
    ("[2001:db8::1]:4711", Some("2001:db8::")),
    ("fe80::1:2:3:4%eth0", Some("fe80::")),
    ("::ffff:cb00:714d", Some("::")),
    ("203.0.113.77, 10.0.0.1", None),
    ("for=203.0.113.77", None),
    // A name, a pseudonym of the edge.
    ("shop.example", Some("shop.example")),
    ("3f9a8b7c6d5e4f3a", Some("3f9a8b7c6d5e4f3a")),
    ("db:5432", Some("db:5432")),
];

const OF_SPANS: [&str; 3] = ["client.address", "client.socket.address", "http.client_ip"];
const OF_SERVERS: [&str; 3] = ["network.peer.address", "net.sock.peer.addr", "net.peer.ip"];
const OF_LOGS: [&str; 4] = [
    "client.address",
    "source.address",
    "http.client_ip",
    "net.peer.ip",
];

#[test]
fn of_a_persons_address_its_network_stays() {
    for (address, left) in CUT {
        let address = address.parse::<IpAddr>().map(client_address::truncate);
        let left = left.map(str::parse::<IpAddr>);
        if let (Ok(address), Some(Ok(left))) = (address, left) {
            assert!(
                left == address || left.is_unspecified(),
                "as the edge: {left}"
            );
        }
    }
    let Some(stage) = Stage::start() else {
        return;
    };
    let resource = [pair("service.name", "shop-api")];
    let all = |names: &[&str], address: &str| -> Vec<Value> {
        names.iter().map(|name| pair(name, address)).collect()
    };
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let now = now.to_string();
    // Whom a server asks is no person.
    let spans = [2, 3].into_iter().flat_map(|kind| {
        let now = &now;
        CUT.iter().enumerate().map(move |(at, (address, _))| {
            let at = at + kind * 100;
            json!({
                "name": "GET /", "kind": kind, "status": {"code": 2},
                "traceId": format!("{at:032x}"), "spanId": format!("{at:016x}"),
                "startTimeUnixNano": now, "endTimeUnixNano": now,
                "attributes": all(&[OF_SPANS, OF_SERVERS].concat(), address),
            })
        })
    });
    let spans: Vec<_> = spans.collect();
    let records =
        CUT.map(|(address, _)| json!({"eventName": "login", "attributes": all(&OF_LOGS, address)}));
    // As the edge's `logs.peer` says.
    let full = json!({"eventName": "sightline.edge.request", "attributes": [pair("client.address", "203.0.113.78")]});
    let records = [&records[..], &[full]].concat();
    let logs = json!({"resourceLogs": [{
        "resource": {"attributes": resource},
        "scopeLogs": [{"logRecords": records}],
    }]});
    for (signal, body) in [
        ("traces", traces(&resource, &spans)),
        ("logs", logs.to_string()),
    ] {
        let sent = otlp_json::post(stage.collector.internal_port, signal, &body).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    }
    let (mut spans, mut logs) = (Vec::new(), Vec::new());
    wait_for("spans and log records", SETTLE_LIMIT, || {
        spans = otlp::spans(&stage.collector.traces)?;
        logs = otlp::logs(&stage.collector.logs)?;
        let came = (spans.len(), logs.len());
        Ok((came == (CUT.len() * 2, CUT.len() + 1)).then_some(()))
    })
    .unwrap();
    let whole = CUT.map(|(address, _)| Some(address));
    let cut = CUT.map(|(_, left)| left);
    let (of_server, of_client) = spans.split_at(CUT.len());
    for name in OF_SPANS {
        assert_eq!(texts(of_server, name), cut, "{name}");
        assert_eq!(texts(of_client, name), cut, "{name}");
    }
    for name in OF_SERVERS {
        assert_eq!(texts(of_server, name), cut, "{name}");
        assert_eq!(texts(of_client, name), whole, "{name}");
    }
    for name in OF_LOGS {
        let of_logs = logs.iter().map(|log| log.attributes.get(name));
        let of_logs: Vec<_> = of_logs.map(|value| value.and_then(Value::as_str)).collect();
        assert_eq!(of_logs[..CUT.len()], cut, "{name}");
    }
    assert_eq!(logs[CUT.len()].text("client.address"), "203.0.113.78");
}

fn texts<'a>(spans: &'a [Span], name: &str) -> Vec<Option<&'a str>> {
    let values = spans.iter().map(|span| span.attributes.get(name));
    values.map(|value| value.and_then(Value::as_str)).collect()
}
