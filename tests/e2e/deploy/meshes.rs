//! What gateways of meshes lead to, in what kustomize renders: the collector's ports, in
//! another namespace, for the filter and for pages.

use crate::rendered::{Rendered, items, name};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Whether there is a Service of this name in a namespace, with this port.
fn offers(rendered: &Rendered, namespace: &Value, service: &Value, port: &Value) -> bool {
    rendered.kind("Service").any(|one| {
        one["metadata"]["name"] == *service
            && one["metadata"]["namespace"] == *namespace
            && items(&one["spec"]["ports"]).any(|own| own["port"] == *port)
    })
}

/// Whether routes of one namespace may lead to a Service in another.
fn is_granted(rendered: &Rendered, from: &Value, to: &Value, service: &Value) -> bool {
    let group = "gateway.networking.k8s.io";
    let route = json!({"group": group, "kind": "HTTPRoute", "namespace": from});
    let granted = json!({"group": "", "kind": "Service", "name": service});
    let mut grants = rendered.kind("ReferenceGrant");
    grants.any(|grant| {
        grant["metadata"]["namespace"] == *to
            && items(&grant["spec"]["from"]).any(|one| *one == route)
            && items(&grant["spec"]["to"]).any(|one| *one == granted)
    })
}

#[test]
fn every_route_of_envoy_gateway_leads_to_a_service_that_it_may_reach() {
    let Some(rendered) = Rendered::of("envoy-gateway") else {
        return;
    };
    let mut ports = BTreeSet::new();
    for route in rendered.kind("HTTPRoute") {
        let from = &route["metadata"]["namespace"];
        for backend in items(&route["spec"]["rules"]).flat_map(|rule| items(&rule["backendRefs"])) {
            let to = match &backend["namespace"] {
                Value::Null => from,
                other => other,
            };
            let service = &backend["name"];
            let is_there = offers(&rendered, to, service, &backend["port"]);
            assert!(is_there, "{}: {backend}", name(route));
            let is_own = from == to;
            let may = is_own || is_granted(&rendered, from, to, service);
            assert!(may, "{}: {backend}", name(route));
            ports.insert(backend["port"].as_u64().unwrap());
        }
    }
    // The filter's telemetry, and that of pages.
    assert_eq!(ports, [4318, 4319].into());
    let policy = rendered.kind("EnvoyExtensionPolicy").next().unwrap();
    let cluster = policy.pointer("/spec/wasm/0/config/export/cluster");
    let words: Vec<_> = cluster.unwrap().as_str().unwrap().split('/').collect();
    let [_, namespace, route, ..] = words[..] else {
        panic!("{words:?}")
    };
    let mut routes = rendered.kind("HTTPRoute");
    assert!(routes.any(|one| {
        one["metadata"]["name"] == *route && one["metadata"]["namespace"] == *namespace
    }));
}

#[test]
fn what_istio_s_gateway_sends_reaches_the_collector() {
    let Some(rendered) = Rendered::of("istio") else {
        return;
    };
    let reaches = |host: &str, port: u64| {
        let mut labels = host.split('.');
        let [service, namespace] = [labels.next().unwrap(), labels.next().unwrap()];
        assert_eq!(labels.collect::<Vec<_>>(), ["svc", "cluster", "local"]);
        offers(&rendered, &namespace.into(), &service.into(), &port.into())
    };
    let plugin = rendered.kind("WasmPlugin").next().unwrap();
    let cluster = plugin.pointer("/spec/pluginConfig/export/cluster");
    let words: Vec<_> = cluster.unwrap().as_str().unwrap().split('|').collect();
    assert!(reaches(words[3], words[1].parse().unwrap()));
    let ingest = rendered.kind("VirtualService").next().unwrap();
    let to = ingest.pointer("/spec/http/0/route/0/destination").unwrap();
    assert_eq!(to["port"]["number"], 4319);
    assert!(reaches(to["host"].as_str().unwrap(), 4319));
}
