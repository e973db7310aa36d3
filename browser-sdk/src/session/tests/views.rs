//! What a view is, and what its vitals are made of.

use super::*;
use crate::signals::frames::Script;

const HIDE: Input<'static> = hidden(9000.0, 3.0);

fn loaded() -> Session {
    let mut session = session();
    let mut phases = [0.0; PHASE_COUNT];
    phases[1] = 3.0;
    phases[7] = 45.5;
    phases[9] = 200.0;
    session.on(Input::FirstContentfulPaint { paint_ms: 120.0 });
    session.on(painted(120.0));
    session.on(Input::DocumentLoad {
        end_ms: 900.0,
        phases_ms: &phases,
    });
    session
}

fn click(interaction_id: f64, start_ms: f64) -> Input<'static> {
    Input::Event(Event {
        interaction_id,
        start_ms,
        duration_ms: 240.0,
        processing_start_ms: start_ms + 40.0,
        processing_end_ms: start_ms + 140.0,
        is_key: false,
        target: "#buy",
    })
}

/// The vitals by view, in their order: navigation type, path, names.
fn views(logs: &[LogRecord]) -> Vec<(String, String, Vec<String>)> {
    let mut ids: Vec<&str> = Vec::new();
    let mut views: Vec<(String, String, Vec<String>)> = Vec::new();
    for log in logs {
        let of = |key| text(&log.attributes, key).to_owned();
        let id = text(&log.attributes, "sightline.view.id");
        let vital_id = text(&log.attributes, "browser.web_vital.id");
        assert_eq!(vital_id, [id, &of("browser.web_vital.name")].join("-"));
        if ids.last() != Some(&id) {
            ids.push(id);
            let kind = of("browser.web_vital.navigation_type");
            views.push((kind, of("url.path"), Vec::new()));
        }
        let view = views.last_mut().unwrap();
        view.2.push(of("browser.web_vital.name"));
    }
    views
}

fn view(kind: &str, path: &str, names: &str) -> (String, String, Vec<String>) {
    let names = names.split(' ').map(str::to_owned).collect();
    (kind.to_owned(), path.to_owned(), names)
}

#[test]
fn a_soft_navigation_ends_a_view_and_begins_another() {
    let mut session = loaded();
    session.on(click(7.0, 1000.0));
    session.on(shift(0.5, 1500.0, "#a"));
    session.on(Input::SoftNavigation {
        start_ms: 2000.0,
        interaction_id: 14.0,
        paint_ms: 2080.0,
        interaction_count: 2.0,
        url: "https://shop.example/cart?x=secret",
    });
    session.on(Input::LargestContentfulPaint(Paint {
        paint_ms: 2200.0,
        interaction_id: 14.0,
        ..Paint::default()
    }));
    session.on(Input::LargestContentfulPaint(Paint {
        paint_ms: 2900.0,
        interaction_id: 21.0,
        ..Paint::default()
    }));
    session.on(HIDE);
    let (logs, _) = sent(&mut session);
    assert_eq!(
        views(&logs),
        [
            view("navigate", "/products/42", "ttfb fcp lcp inp cls"),
            view("soft-navigation", "/cart", "ttfb fcp lcp inp cls"),
        ]
    );
    assert_eq!(
        vitals(&logs)[5..],
        [
            ("ttfb", 0.0, 0.0),
            ("fcp", 80.0, 80.0),
            ("lcp", 200.0, 200.0),
            ("inp", 8.0, 8.0),
            ("cls", 0.0, 0.0),
        ],
        "from the interaction on; another interaction's paint is not of it"
    );
}

#[test]
fn a_restored_page_is_a_view_anew() {
    let mut session = loaded();
    session.on(HIDE);
    for at_ms in [20_000.0, 40_000.0] {
        session.on(Input::Restored {
            at_ms,
            interaction_count: 3.0,
        });
        session.on(Input::Repainted {
            now_ms: at_ms + 30.5,
        });
        session.on(Input::Hidden {
            now_ms: at_ms + 5000.0,
            interaction_count: 3.0,
        });
    }
    let (logs, _) = sent(&mut session);
    let restored = view("back-forward-cache", "/products/42", "ttfb fcp lcp cls");
    assert_eq!(
        views(&logs)[1..],
        [restored.clone(), restored],
        "without interactions of its own"
    );
    let lcp = logs.last_chunk::<2>().unwrap()[0].attributes.clone();
    assert_eq!(number(&lcp, "browser.web_vital.value"), 30.5);
    assert_eq!(
        number(&lcp, "sightline.web_vital.element_render_delay"),
        30.5
    );
}

#[test]
fn vitals_say_what_they_are_made_of_without_secrets() {
    let mut session = loaded();
    session.on(Input::LargestContentfulPaint(Paint {
        paint_ms: 1000.0,
        request_ms: 300.0,
        response_end_ms: 700.0,
        url: "https://cdn.example/hero.avif?sig=secret",
        target: "#ada@example.org>img.hero",
        ..Paint::default()
    }));
    session.on(click(7.0, 1000.0));
    session.on(Input::Script(Script {
        start_ms: 1040.0,
        duration_ms: 100.0,
        frame_start_ms: 1000.0,
        frame_duration_ms: 230.0,
        texts: "BUTTON#buy.onclick\0event-listener\0https://shop.example/app.js?token=secret\0pay",
    }));
    session.on(HIDE);
    let (logs, _) = sent(&mut session);
    let of = |name: &str| {
        let mut logs = logs.iter().map(|log| &log.attributes);
        logs.find(|attributes| text(attributes, "browser.web_vital.name") == name)
            .unwrap()
    };
    let told = |name, keys: &[&str]| -> Vec<String> {
        let told =
            keys.iter().map(
                |key| match value(of(name), &["sightline.web_vital.", key].concat()) {
                    Some(Value::StringValue(text)) => text.clone(),
                    Some(Value::DoubleValue(number)) => number.to_string(),
                    other => panic!("{key}: {other:?}"),
                },
            );
        told.collect()
    };
    assert_eq!(
        told(
            "lcp",
            &["target", "url", "time_to_first_byte", "resource_load_delay"]
        ),
        [
            "REDACTED>img.hero",
            "https://cdn.example/hero.avif?sig=REDACTED",
            "45.5",
            "254.5"
        ]
    );
    assert_eq!(
        told(
            "inp",
            &[
                "target",
                "interaction_type",
                "input_delay",
                "load_state",
                "longest_script.source_function_name",
                "longest_script.source_url"
            ]
        ),
        [
            "#buy",
            "pointer",
            "40",
            "dom-interactive",
            "pay",
            "https://shop.example/app.js?token=REDACTED"
        ]
    );
    assert_eq!(
        told("fcp", &["first_byte_to_fcp", "load_state"]),
        ["74.5", "loading"]
    );
    assert_eq!(
        told("ttfb", &["waiting_duration", "request_duration"]),
        ["3", "45.5"]
    );
}

#[test]
fn errors_tell_their_view() {
    let mut session = loaded();
    session.on(thrown("x"));
    let (logs, _) = sent(&mut session);
    let error = logs.iter().find(|log| log.event_name == "exception");
    let id = text(&error.unwrap().attributes, "sightline.view.id");
    assert_eq!(id, "0707070707070707");
}
