//! Who sends where in `docker compose`: to a service that exists, on a port on which
//! it listens, over a network that both are on.

use crate::compose::{project, services};
use crate::{text, texts, yaml};
use serde_json::Value;
use std::collections::BTreeSet;

/// What listens where, as the images themselves decide.
const OF_IMAGES: [(&str, u16); 5] = [
    ("prometheus", 9090),
    ("alertmanager", 9093),
    ("blackbox-exporter", 9115),
    ("node-exporter", 9100),
    ("grafana", 3000),
];

/// Host and port of an address, where it has both.
fn target(address: &str) -> Option<(String, u16)> {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address = address.split('/').next()?;
    let (host, port) = address.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// The ports of services, as their configurations have them.
fn listening(project: &Value) -> BTreeSet<(String, u16)> {
    let mut ports: BTreeSet<_> = OF_IMAGES
        .into_iter()
        .map(|(service, port)| (service.to_owned(), port))
        .collect();
    let mut add = |service: &str, address: &str| {
        let (_, port) = target(address).unwrap_or_else(|| panic!("{service}: {address}"));
        ports.insert((service.to_owned(), port));
    };
    let collector = &project["services"]["collector"]["environment"];
    for name in ["OTLP_HTTP", "OTLP_GRPC", "BROWSER_HTTP"] {
        let address = collector[format!("SIGHTLINE_{name}")].as_str();
        add("collector", address.unwrap());
    }
    let host = collector["SIGHTLINE_TELEMETRY_HOST"].as_str().unwrap();
    add("collector", &format!("{host}:8888"));
    let envoy = yaml("deploy/compose/edge/envoy.yaml");
    let listeners = envoy["static_resources"]["listeners"].as_array().unwrap();
    for listener in listeners {
        let address = &listener["address"]["socket_address"];
        add("edge", &format!("edge:{}", address["port_value"]));
    }
    let loki = yaml("deploy/compose/loki.yaml");
    add(
        "loki",
        &format!("loki:{}", loki["server"]["http_listen_port"]),
    );
    let jaeger = yaml("deploy/compose/jaeger.yaml");
    for address in [
        "/receivers/otlp/protocols/http/endpoint",
        "/extensions/jaeger_query/http/endpoint",
    ] {
        add("jaeger", jaeger.pointer(address).unwrap().as_str().unwrap());
    }
    for service in ["web", "api"] {
        let file = text(&format!("../examples/shop/{service}/Dockerfile"));
        let exposed = file.lines().find_map(|line| line.strip_prefix("EXPOSE "));
        add(service, &format!("{service}:{}", exposed.unwrap()));
    }
    ports
}

/// Who sends, and where.
fn sending(project: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |from: &str, to: &str| found.push((from.to_owned(), to.to_owned()));
    for (name, service) in services(project) {
        for (_, value) in service["environment"].as_object().into_iter().flatten() {
            match value.as_str() {
                Some(url) if url.starts_with("http") => add(name, url),
                _ => {}
            }
        }
    }
    for entry in std::fs::read_dir(crate::path("deploy/compose/targets")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let groups = yaml(&format!("deploy/compose/targets/{file}"));
        for group in groups.as_array().unwrap() {
            let prober = group["labels"]["__prober"].as_str();
            if let Some(prober) = prober {
                add("prometheus", prober);
            }
            let from = prober.map_or("prometheus", |_| "blackbox-exporter");
            for target in texts(&group["targets"]) {
                add(from, target);
            }
        }
    }
    let sources = yaml("deploy/compose/grafana/datasources.yaml");
    for source in sources["datasources"].as_array().unwrap() {
        add("grafana", source["url"].as_str().unwrap());
    }
    let envoy = yaml("deploy/compose/edge/envoy.yaml");
    let clusters = envoy["static_resources"]["clusters"].as_array().unwrap();
    for cluster in clusters {
        let address = cluster
            .pointer("/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address")
            .unwrap();
        let host = address["address"].as_str().unwrap();
        add("edge", &format!("{host}:{}", address["port_value"]));
    }
    found
}

#[test]
fn who_sends_reaches_who_listens() {
    let Some(project) = project() else { return };
    let listening = listening(&project);
    let networks = |service: &str| -> BTreeSet<String> {
        let networks = project["services"][service]["networks"].as_object();
        networks.unwrap().keys().cloned().collect()
    };
    let mut reached = BTreeSet::new();
    for (from, to) in sending(&project) {
        // Pages have no port of their own.
        let (host, port) = target(&to).unwrap_or_else(|| panic!("{from} to {to}"));
        // Itself, and Docker's name server.
        if ["localhost", "127.0.0.11"].contains(&host.as_str()) {
            continue;
        }
        assert!(
            listening.contains(&(host.clone(), port)),
            "{from} to {to}: nobody listens"
        );
        let shared = networks(&from).intersection(&networks(&host)).count();
        assert!(shared > 0, "{from} to {to}: no network in common");
        reached.insert(host);
    }
    for (service, _) in services(&project) {
        // Grafana is for people.
        assert!(
            reached.contains(service) || service == "grafana",
            "nobody asks {service}"
        );
    }
}

#[test]
fn stores_are_out_of_reach_of_the_world_and_of_pages() {
    let Some(project) = project() else { return };
    for (store, expected) in [
        // It scrapes the API, over a network of theirs.
        ("prometheus", ["scraped", "stores"].as_slice()),
        ("loki", &["stores"]),
        ("jaeger", &["stores"]),
        ("node-exporter", &["stores"]),
    ] {
        let networks = project["services"][store]["networks"].as_object().unwrap();
        let networks: Vec<_> = networks.keys().collect();
        assert_eq!(networks, expected, "{store}");
    }
    for network in ["stores", "shop", "scraped"] {
        assert_eq!(project["networks"][network]["internal"], true, "{network}");
    }
    let scraped = services(&project).iter().filter(|(_, service)| {
        let networks = service["networks"].as_object().unwrap();
        networks.contains_key("scraped")
    });
    let scraped: Vec<_> = scraped.map(|(name, _)| name).collect();
    assert_eq!(scraped, ["api", "prometheus"]);
}

#[test]
fn grafana_s_links_lead_to_datasources_that_are_there() {
    let sources = yaml("deploy/compose/grafana/datasources.yaml");
    let sources = sources["datasources"].as_array().unwrap();
    let ids: BTreeSet<_> = sources
        .iter()
        .filter_map(|source| source["uid"].as_str())
        .collect();
    assert_eq!(ids.len(), sources.len());
    let file = text("deploy/compose/grafana/datasources.yaml");
    let links: Vec<_> = file.split("datasourceUid: ").skip(1).collect();
    assert_eq!(links.len(), 4);
    for link in links {
        let id = link.split(['}', '\n']).next().unwrap();
        assert!(ids.contains(id), "{id}");
    }
}
