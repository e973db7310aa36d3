//! Network policies of Kubernetes: what passes is what Services offer and what the
//! configurations send to, and nothing else.

use crate::rendered::{OVERLAYS, Rendered, items, name, pod, port};
use crate::{text, yaml};
use serde_json::Value;
use std::collections::BTreeSet;

type Ports = BTreeSet<u64>;

/// The ports of a policy's rules; names are those of the pod.
fn ports<'a>(rules: impl Iterator<Item = &'a Value>, of: &Value) -> Ports {
    let ports = rules.flat_map(|rule| items(&rule["ports"]));
    let number = |one: &Value| one["port"].as_u64().or_else(|| port(of, &one["port"]));
    ports
        .map(|one| number(one).unwrap_or_else(|| panic!("{one}")))
        .collect()
}

/// The rules of a policy that lead to this namespace.
fn to<'a>(policy: &'a Value, namespace: &'a str) -> impl Iterator<Item = &'a Value> {
    items(&policy["spec"]["egress"]).filter(move |rule| {
        let labels = &rule["to"][0]["namespaceSelector"]["matchLabels"];
        labels["kubernetes.io/metadata.name"] == namespace
    })
}

/// A workload and the policy that is on it.
fn guarded<'a>(rendered: &'a Rendered, name: &str) -> (&'a Value, &'a Value) {
    let mut workloads = rendered.workloads();
    let workload = workloads.find(|one| one["metadata"]["name"] == *name);
    let workload = workload.unwrap();
    let policy = rendered.beside(workload, "NetworkPolicy", &name.into());
    (workload, policy.unwrap())
}

#[test]
fn into_a_pod_passes_what_its_services_offer() {
    for overlay in OVERLAYS {
        let Some(rendered) = Rendered::of(overlay) else {
            return;
        };
        for workload in rendered.workloads() {
            let everything = rendered.beside(workload, "NetworkPolicy", &"default-deny".into());
            let everything = &everything.unwrap()["spec"];
            assert_eq!(everything["podSelector"], serde_json::json!({}));
            assert_eq!(
                crate::texts(&everything["policyTypes"]),
                ["Ingress", "Egress"]
            );
            assert!(everything["ingress"].is_null() && everything["egress"].is_null());

            let own = &workload["metadata"]["name"];
            let policy = rendered.beside(workload, "NetworkPolicy", own).unwrap();
            let selected = rendered.selected(policy, &policy["spec"]["podSelector"]["matchLabels"]);
            assert_eq!(selected, [workload]);
            let services = rendered.kind("Service").filter(|service| {
                let selected = rendered.selected(service, &service["spec"]["selector"]);
                selected == [workload]
            });
            let offered = services.flat_map(|service| items(&service["spec"]["ports"]));
            let offered: Ports = offered.filter_map(|port| port["port"].as_u64()).collect();
            let let_in = ports(items(&policy["spec"]["ingress"]), pod(workload));
            assert_eq!(let_in, offered, "{overlay}: {}", name(workload));
            // Name servers may be anywhere: on the node, on another port than the Service's.
            let anywhere = items(&policy["spec"]["egress"]).filter(|rule| rule["to"].is_null());
            assert_eq!(ports(anywhere, &Value::Null), [53].into());
        }
    }
}

#[test]
fn out_of_a_gateway_passes_what_goes_to_its_stores() {
    let Some(rendered) = Rendered::of("base") else {
        return;
    };
    let (_, policy) = guarded(&rendered, "otel-gateway");
    let settings = text("deploy/kubernetes/base/settings.env");
    let urls = settings
        .lines()
        .filter_map(|line| line.split_once("=http://"));
    let stores: Ports = urls
        .map(|(_, url)| {
            let (host, port) = url.split('/').next().unwrap().split_once(':').unwrap();
            assert!(host.ends_with(".monitoring.svc"), "{host}");
            port.parse::<u64>().unwrap()
        })
        .collect();
    assert_eq!(stores.len(), 3);
    assert_eq!(ports(to(policy, "monitoring"), &Value::Null), stores);
}

#[test]
fn out_of_the_edge_passes_what_its_clusters_are() {
    let Some(rendered) = Rendered::of("envoy") else {
        return;
    };
    let (collector, _) = guarded(&rendered, "otel-agent");
    let (_, policy) = guarded(&rendered, "edge");
    let envoy = yaml("deploy/kubernetes/envoy/envoy.yaml");
    for namespace in ["shop", "observability"] {
        let clusters = items(&envoy["static_resources"]["clusters"]);
        let addresses = clusters.filter_map(|cluster| {
            cluster.pointer(
                "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address",
            )
        });
        let inside = addresses.filter(|address| {
            let host = address["address"].as_str().unwrap();
            host.ends_with(&format!(".{namespace}"))
        });
        let sends: Ports = inside
            .filter_map(|address| address["port_value"].as_u64())
            .collect();
        assert_eq!(sends.len(), 2, "{namespace}");
        assert_eq!(ports(to(policy, namespace), pod(collector)), sends);
    }
    // The collector lets in whom the label names, and the edge's namespace has it.
    let mut namespaces = rendered.kind("Namespace");
    let edge = namespaces
        .find(|one| one["metadata"]["name"] == "edge")
        .unwrap();
    let (_, guard) = guarded(&rendered, "otel-agent");
    let asked = &guard["spec"]["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"];
    let asked = asked.as_object().unwrap();
    assert!(!asked.is_empty());
    for (label, value) in asked {
        assert_eq!(edge["metadata"]["labels"][label], *value);
    }
}

#[test]
fn out_of_an_agent_passes_what_goes_to_the_gateways() {
    let Some(rendered) = Rendered::of("base") else {
        return;
    };
    let (agent, policy) = guarded(&rendered, "otel-agent");
    let (gateway, guard) = guarded(&rendered, "otel-gateway");
    let mut settings = items(&pod(agent)["containers"][0]["env"]);
    let resolver = settings.find(|variable| variable["name"] == "SIGHTLINE_GATEWAYS");
    let resolver: Value =
        serde_saphyr::from_str(resolver.unwrap()["value"].as_str().unwrap()).unwrap();
    let service = rendered.beside(agent, "Service", &resolver["dns"]["hostname"]);
    let service = service.unwrap();
    // A name with the address of each, not one for all.
    assert_eq!(service["spec"]["clusterIP"], "None");
    let selected = rendered.selected(service, &service["spec"]["selector"]);
    assert_eq!(selected, [gateway]);
    let port: Ports = [resolver["dns"]["port"].as_str().unwrap().parse().unwrap()].into();
    let inside =
        |peers: &'static str| move |rule: &&Value| rule[peers][0]["podSelector"].is_object();
    let out = items(&policy["spec"]["egress"]).filter(inside("to"));
    assert_eq!(ports(out, pod(gateway)), port);
    let into = items(&guard["spec"]["ingress"]).filter(inside("from"));
    assert_eq!(ports(into, pod(gateway)), port);
}
