//! A collector that wants a token: the edge's Envoy brings it, strangers have none.

use crate::setup::{Edge, envoy_present, filter};
use serde_json::{Value, json};
use sightline_tests::collector::Collector;
use sightline_tests::envoy::cluster_config;
use sightline_tests::http::Client;
use sightline_tests::otlp;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// A cluster whose requests carry the credential of this file of secrets.
fn with_credential(port: u16, secrets: &Path) -> Value {
    let kind = |name: &str| format!("type.googleapis.com/envoy.extensions.{name}");
    let mut cluster = cluster_config(&("collector", port));
    let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    cluster["typed_extension_protocol_options"][options] = json!({
        "@type": kind("upstreams.http.v3.HttpProtocolOptions"),
        "explicit_http_config": {"http_protocol_options": {}},
        "http_filters": [
            {"name": "token", "typed_config": {
                "@type": kind("filters.http.credential_injector.v3.CredentialInjector"),
                "overwrite": true,
                "credential": {"name": "envoy.http.injected_credentials.generic", "typed_config": {
                    "@type": kind("http.injected_credentials.generic.v3.Generic"),
                    "credential": {
                        "name": "otlp-token",
                        "sds_config": {"path_config_source": {"path": secrets}},
                    },
                }},
            }},
            {"name": "codec", "typed_config": {
                "@type": kind("filters.http.upstream_codec.v3.UpstreamCodec"),
            }},
        ],
    });
    cluster
}

#[test]
fn who_has_no_token_is_refused_and_the_edge_has_it() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let mut collector = Collector::start(stores.path(), None).unwrap();
    let tokens = stores.path().join("tokens");
    std::fs::write(&tokens, "n3w-t0k3n\n0ld-t0k3n\n").unwrap();
    collector.tokens = Some(tokens);
    collector.stop();
    collector.start_again().unwrap();

    let url = |port: u16| format!("http://127.0.0.1:{port}/v1/traces");
    let post = |port: u16, headers: &[(&str, &str)]| {
        let json = [("content-type", "application/json")];
        let headers = [json.as_slice(), headers].concat();
        let answer = Client::default().send("POST", &url(port), &headers, b"{}");
        answer.unwrap().status
    };
    let internal = collector.internal_port;
    assert_eq!(post(internal, &[]), 401);
    assert_eq!(post(internal, &[("authorization", "Bearer wrong")]), 401);
    for token in ["Bearer n3w-t0k3n", "Bearer 0ld-t0k3n"] {
        assert_eq!(post(internal, &[("authorization", token)]), 200);
    }
    assert_eq!(post(collector.browser_port, &[]), 200, "pages have none");

    let secrets = stores.path().join("secrets.json");
    let secret = json!({"resources": [{
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
        "name": "otlp-token",
        "generic_secret": {"secret": {"inline_string": "Bearer n3w-t0k3n"}},
    }]});
    std::fs::write(&secrets, secret.to_string()).unwrap();
    let edge = Edge::start_with_cluster(filter(), 1, with_credential(internal, &secrets));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    edge.get("/products/7", &[("traceparent", parent)]);
    wait_for("the edge's span", LIMIT, || {
        let spans = otlp::spans(&collector.traces)?;
        Ok((!spans.is_empty()).then_some(()))
    })
    .unwrap();
}
