//! The examples for other hosts, as far as they can be checked without those:
//! they parse, have known fields only, and the build for that host takes the
//! configuration that is in them and serves a request with it.

use serde_json::Value;
use sightline_host_double::script::{ROOT, STREAM, pairs, request_headers, response_headers};
use sightline_host_double::{Module, Shared, Vm};
use sightline_tests::parts;
use std::collections::{BTreeMap, HashMap};

fn module(build: &str) -> Option<Module> {
    if !parts::all_present(&[parts::FILTER]) {
        return None;
    }
    let file = parts::require(parts::FILTER).unwrap();
    let file = file.with_file_name(format!("sightline_filter_{build}.wasm"));
    if !file.exists() && !parts::is_ci() {
        println!("skipped: no {build} build beside {}", parts::FILTER);
        return None;
    }
    Some(Module::open(&file).unwrap())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(parts::repository().join(path)).unwrap()
}

/// Every path of a document, such as `spec.wasm[].name`.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            paths(value, &format!("{path}.{name}"), found);
        }),
        Value::Array(items) => items.iter().for_each(|item| {
            paths(item, &format!("{path}[]"), found);
        }),
        _ => found.push(path.trim_start_matches('.').to_owned()),
    }
}

fn fits(known: &str, path: &str) -> bool {
    if let Some(below) = known.strip_suffix("...") {
        return path.starts_with(below);
    }
    match known.strip_suffix('*') {
        Some(before) => path.starts_with(before),
        None => known == path,
    }
}

/// The documents of an example, none with an unknown field.
fn documents(path: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&read(path)).unwrap();
    let known: BTreeMap<String, Vec<String>> =
        serde_saphyr::from_str(&read("tests/cases/host_fields.yaml")).unwrap();
    for document in &documents {
        let text = |name: &str| document[name].as_str().unwrap();
        let kind = format!("{} {}", text("kind"), text("apiVersion"));
        let known = known.get(&kind).unwrap_or_else(|| panic!("{kind}"));
        let mut found = Vec::new();
        paths(&document["spec"], "spec", &mut found);
        for path in found {
            assert!(
                known.iter().any(|known| fits(known, &path)),
                "{kind}: {path}"
            );
        }
    }
    documents
}

/// A VM that has taken this configuration.
fn configured(module: &Module, configuration: &str) -> Vm {
    let mut vm = module.vm(Shared::default()).unwrap();
    let taken = vm.configure(ROOT, configuration.as_bytes()).unwrap();
    assert!(taken, "{:?}", vm.host().log);
    vm
}

/// Serves a request; what it exports then, by path.
fn serve(
    vm: &mut Vm,
    start: &[(&str, &str)],
    end: HashMap<String, Vec<u8>>,
) -> BTreeMap<String, Vec<u8>> {
    let text = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    vm.create(ROOT, STREAM).unwrap();
    let goes_on = vm.request(STREAM, request_headers(), start.iter().map(text).collect());
    assert!(goes_on.unwrap());
    let names: Vec<_> = vm.host().streams[&STREAM]
        .request
        .iter()
        .map(|line| line.0.clone())
        .collect();
    assert!(names.contains(&b"traceparent".to_vec()));
    vm.host().advance_millis(12);
    assert!(vm.response(STREAM, response_headers()).unwrap());
    vm.end(STREAM, end).unwrap();
    vm.host().advance_millis(6000);
    vm.tick(ROOT).unwrap();
    let calls = vm.host().calls.drain(..);
    let path = |call: &sightline_host_double::host::Call| {
        let line = call.headers.iter().find(|line| line.0 == b":path").unwrap();
        String::from_utf8(line.1.clone()).unwrap()
    };
    calls.map(|call| (path(&call), call.body)).collect()
}

fn has(body: &[u8], text: &str) -> bool {
    body.windows(text.len())
        .any(|bytes| bytes == text.as_bytes())
}

#[test]
fn the_meshes_examples_are_good_and_taken() {
    for (path, configuration) in [
        ("examples/istio/wasmplugin.yaml", "/spec/pluginConfig"),
        ("examples/envoy-gateway/policy.yaml", "/spec/wasm/0/config"),
    ] {
        let documents = documents(path);
        let Some(module) = module("mesh") else {
            continue;
        };
        let configuration = documents[0].pointer(configuration).unwrap();
        let mut vm = configured(&module, &configuration.to_string());
        let end = sightline_host_double::script::end_properties();
        let exports = serve(&mut vm, &[("source.address", "203.0.113.9:4711")], end);
        assert!(has(&exports["/v1/traces"], "GET /products/{id}"), "{path}");
        assert!(has(&exports["/v1/logs"], "203.0.113.0"), "{path}");
        assert!(exports.contains_key("/v1/metrics"));
        // What a page sends goes on, without what tells of a person.
        let page = pairs(&[
            (":path", "/sightline/v1/logs"),
            (":method", "POST"),
            (":authority", "shop.example"),
            (":scheme", "https"),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
            ("content-length", "2"),
            ("cookie", "session=secret"),
        ]);
        vm.create(ROOT, STREAM).unwrap();
        assert!(vm.request(STREAM, page, HashMap::new()).unwrap(), "{path}");
        let lines = &vm.host().streams[&STREAM].request;
        assert!(lines.iter().all(|line| line.0 != b"cookie"), "{path}");
    }
}

#[test]
fn a_deployed_edge_trusts_the_shop_s_containers_and_no_visitor() {
    if !parts::all_present(&[parts::FILTER]) {
        return;
    }
    let module = Module::open(&parts::require(parts::FILTER).unwrap()).unwrap();
    for of in ["compose/edge", "kubernetes/envoy"] {
        let text = read(&format!("collector-config/deploy/{of}/envoy.yaml"));
        let envoy: Value = serde_saphyr::from_str(&text).unwrap();
        for (listener, caller, is_kept) in [
            ("internal", "10.244.3.7:41234", true),
            ("public", "203.0.113.9:0", false),
            // Whom the proxy in front tells nothing of.
            ("public", "127.0.0.1:41234", false),
        ] {
            let listeners = &envoy["static_resources"]["listeners"];
            let mut listeners = listeners.as_array().unwrap().iter();
            let listener = listeners.find(|one| one["name"] == listener).unwrap();
            let filter = "/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config";
            let filter = listener.pointer(filter).unwrap();
            let configuration = &filter["config"]["configuration"]["value"];
            let mut vm = configured(&module, &configuration.to_string());
            vm.create(ROOT, STREAM).unwrap();
            let properties = ("source.address".to_owned(), caller.as_bytes().to_vec());
            let request = sightline_host_double::script::stranger_headers();
            vm.request(STREAM, request, HashMap::from([properties]))
                .unwrap();
            let lines = &vm.host().streams[&STREAM].request;
            let mine = (b"x-request-id".to_vec(), b"mine".to_vec());
            assert_eq!(lines.contains(&mine), is_kept, "{of}: {caller}");
        }
    }
}

#[test]
fn nginx_serves_with_properties_that_are_texts() {
    let text = read("examples/nginx/nginx.conf");
    let opened = text.chars().filter(|letter| *letter == '{').count();
    assert_eq!(opened, text.chars().filter(|letter| *letter == '}').count());
    let configuration = text.split('\'').nth(1).unwrap();
    let Some(module) = module("nginx") else {
        return;
    };
    let mut vm = configured(&module, configuration);
    let end = [
        ("response.code", "503"),
        ("response.size", "1234"),
        ("request.size", "7"),
        ("request.total_size", "180"),
        ("request.duration", "0.012"),
        ("request.protocol", "HTTP/1.1"),
    ];
    let end = end.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let start = [("source.address", "203.0.113.9"), ("source.port", "4711")];
    let exports = serve(&mut vm, &start, HashMap::from(end));
    assert!(has(&exports["/v1/logs"], "203.0.113.0"));
    vm.create(ROOT, STREAM).unwrap();
    let page = pairs(&[(":path", "/sightline/metrics"), (":method", "GET")]);
    vm.request(STREAM, page, HashMap::new()).unwrap();
    let page = vm.host().streams[&STREAM]
        .answer
        .as_ref()
        .unwrap()
        .body
        .clone();
    let page = String::from_utf8(page).unwrap();
    for line in [
        r#"http_requests_total{method="GET",endpoint="/products/{id}",status_code="503"} 1"#,
        r#"http_request_duration_seconds_sum{method="GET",endpoint="/products/{id}"} 0.012"#,
        r#"http_response_bytes_total{method="GET",endpoint="/products/{id}"} 1234"#,
    ] {
        assert!(
            page.lines().any(|seen| seen == line),
            "no {line} in\n{page}"
        );
    }
}

#[test]
fn what_a_host_does_not_have_is_refused() {
    let options = [
        (
            "metrics.envoy_stats",
            r#""metrics": {"envoy_stats": true}"#,
            ["mesh", "nginx"].as_slice(),
        ),
        ("logs.access", r#""logs": {"access": "envoy"}"#, &["nginx"]),
        ("use_route_name", r#""use_route_name": true"#, &["nginx"]),
    ];
    for build in ["mesh", "nginx"] {
        let Some(module) = module(build) else { return };
        for (path, option, refused_by) in options {
            let mut vm = module.vm(Shared::default()).unwrap();
            let document = format!(r#"{{"service": {{"name": "edge"}}, {option}}}"#);
            let taken = vm.configure(ROOT, document.as_bytes()).unwrap();
            assert_eq!(taken, !refused_by.contains(&build), "{build} {path}");
            let log = vm
                .host()
                .log
                .iter()
                .map(|(_, line)| line.clone())
                .collect::<String>();
            assert_eq!(
                log.contains(&format!("{path}: this build")),
                !taken,
                "{log}"
            );
        }
    }
}
