//! The schema says what the filter does: it takes the documents that the
//! filter takes, and refuses for their shape the ones that the filter refuses.

use super::*;
use checked::Check;
use serde_json::json;
use sightline_filter::config::Settings;

mod checked;
mod flow;
mod pattern;

/// Paths at which the schema finds something wrong.
fn found_by_schema(document: &Value) -> Vec<String> {
    let schema = schema().expect("a schema");
    Check::new(&schema).problems(document)
}

/// Paths at which the filter finds something wrong.
fn found_by_filter(document: &Value) -> Vec<String> {
    match Settings::from_document(document.to_string().as_bytes()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| problem.path).collect(),
    }
}

#[test]
fn the_documents_that_we_show_are_taken() {
    let site = Site::find().expect("a repository");
    for (file, count) in [
        ("proxy-filter/README.md", 2),
        ("examples/shop/envoy.yaml", 2),
    ] {
        let text = std::fs::read_to_string(site.path(file)).expect(file);
        let text = text
            .replace("${EXPORT_INTERVAL_MS}", "1000")
            .replace("${ADDRESS_FROM}", "connection")
            .replace("${PUBLIC_METRICS}", "{}");
        let documents = flow::documents(&text);
        assert_eq!(documents.len(), count, "{file}");
        for document in documents {
            assert_eq!(found_by_schema(&document), [""; 0], "{file}: {document}");
            assert_eq!(found_by_filter(&document), [""; 0], "{file}: {document}");
        }
    }
}

#[test]
fn bad_shapes_are_refused_where_the_filter_refuses_them() {
    for (pointer, value, path, why) in [
        ("/exprt", json!({}), "exprt", "no such section"),
        (
            "/service/colour",
            json!("red"),
            "service.colour",
            "no such field",
        ),
        ("/service/name", json!(""), "service.name", "empty"),
        (
            "/service/name",
            json!(5),
            "service.name",
            "a number for a text",
        ),
        (
            "/service",
            json!(null),
            "service",
            "a section can't be null",
        ),
        (
            "/request_id/trust_incoming",
            json!("yes"),
            "request_id.trust_incoming",
            "a text for a boolean",
        ),
        (
            "/request_id/header",
            json!("x".repeat(65)),
            "request_id.header",
            "longer than any header",
        ),
        (
            "/trace/incoming",
            json!("maybe"),
            "trace.incoming",
            "no such variant",
        ),
        (
            "/trace/untrusted",
            json!("never"),
            "trace.untrusted",
            "no such variant of what may be left out",
        ),
        (
            "/trace/sample_ratio",
            json!(7),
            "trace.sample_ratio",
            "more than all",
        ),
        (
            "/trace/slow_ms",
            json!(1.5),
            "trace.slow_ms",
            "a part of a whole number",
        ),
        (
            "/trace/trusted",
            json!(["10.0.0.0/8", 5]),
            "trace.trusted[1]",
            "a number among texts",
        ),
        ("/routes", json!("/x"), "routes", "one text for a list"),
        ("/metrics/path", json!("metrics"), "metrics.path", "no path"),
        ("/export/cluster", json!(null), "export.cluster", "required"),
        (
            "/export/interval_ms",
            json!("soon"),
            "export.interval_ms",
            "a text for a number",
        ),
        (
            "/export/timeout_ms",
            json!(-1),
            "export.timeout_ms",
            "less than nothing",
        ),
    ] {
        let document = document_with(pointer, value);
        assert_eq!(found_by_schema(&document), [path], "{why}");
        assert!(
            found_by_filter(&document).contains(&path.to_owned()),
            "{why}"
        );
    }
    let documents = [
        (json!({}), "service.name", "service"),
        (
            json!({"service": {"name": "edge"}, "export": {}}),
            "export.cluster",
            "export.cluster",
        ),
    ];
    for (document, filter, schema) in documents {
        assert_eq!(found_by_filter(&document), [filter]);
        assert_eq!(found_by_schema(&document), [schema]);
    }
}

#[test]
fn schema_and_filter_agree_on_every_limit_and_default() {
    let schema = schema().expect("a schema");
    let mut numbers = 0;
    let mut texts = 0;
    each_option(&schema, &schema, "", &mut |pointer, option| {
        let path = pointer
            .trim_start_matches('/')
            .replace("/0", "[0]")
            .replace('/', ".");
        let agree = |value: Value, why: &str| {
            let document = document_with(pointer, value);
            let refused = |paths: Vec<String>| paths.iter().any(|found| found.starts_with(&path));
            let (schema, filter) = (
                refused(found_by_schema(&document)),
                refused(found_by_filter(&document)),
            );
            assert!(
                filter || !schema,
                "{path}: the schema refuses {why}, the filter takes it"
            );
            (schema, filter)
        };
        if let Some(default) = option.get("default") {
            assert_eq!(
                agree(default.clone(), "its default"),
                (false, false),
                "{path}"
            );
        }
        let is_whole = option["type"].to_string().contains("integer");
        let step = if is_whole { 1.0 } else { 0.001 };
        for (keyword, outwards) in [("minimum", -step), ("maximum", step)] {
            if let Some(limit) = option[keyword].as_f64() {
                numbers += 1;
                let number = |value: f64| {
                    if is_whole {
                        json!(value as i64)
                    } else {
                        json!(value)
                    }
                };
                assert_eq!(
                    agree(number(limit), "its limit"),
                    (false, false),
                    "{path} {keyword}"
                );
                let beyond = agree(number(limit + outwards), "beyond its limit");
                assert_eq!(beyond, (true, true), "{path} {keyword}");
            }
        }
        if option["type"].to_string().contains("string") {
            texts += 1;
            for text in [
                "", "a", "/a", "a/b", "/a?b", "x-a", "a b", "\u{7}", "é", "restart", "*",
            ] {
                agree(json!(text), text);
            }
        }
    });
    assert!(
        numbers >= 12 && texts >= 10,
        "{numbers} limits, {texts} texts"
    );
}

/// A document that is good but for this value, or by it. The sections that
/// lead there are made.
fn document_with(pointer: &str, value: Value) -> Value {
    let mut document = json!({"service": {"name": "edge"}});
    if pointer.starts_with("/export") {
        document["export"] = json!({"cluster": "collector"});
    }
    let mut place = &mut document;
    for name in pointer.split('/').skip(1) {
        if name == "0" {
            *place = json!([{}]);
            place = &mut place[0];
        } else {
            place = &mut place[name];
        }
    }
    *place = value;
    document
}

/// Every option that is no section, by its JSON pointer; of a list of sections
/// those of the first.
fn each_option(root: &Value, object: &Value, pointer: &str, take: &mut impl FnMut(&str, &Value)) {
    let definitions = root["$defs"].as_object().expect("definitions");
    let properties = object["properties"].as_object().expect("properties");
    for (name, property) in properties {
        let pointer = format!("{pointer}/{name}");
        let either = property["anyOf"].as_array();
        let one = either.and_then(|either| either.iter().find(|one| one["type"] != "null"));
        let target = resolved(one.unwrap_or(property), definitions).expect("a definition");
        let item = resolved(&target["items"], definitions).expect("a definition");
        if target["properties"].is_object() {
            each_option(root, target, &pointer, take);
        } else if item["properties"].is_object() {
            each_option(root, item, &format!("{pointer}/0"), take);
        } else {
            take(&pointer, property);
        }
    }
}
