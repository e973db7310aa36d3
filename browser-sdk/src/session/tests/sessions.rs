//! What records say of the session, when one ends, and what the resource says of
//! the device.

use super::*;
use crate::device::Device;
use crate::session_id::Stored;

const OLD: &str = "0af7651916cd43dd8448eb211c80319c";
const NOW: f64 = ORIGIN_MS + 1000.0;

fn stored(id: &str, idle_minutes: f64) -> Stored<'_> {
    let last_ms = NOW - idle_minutes * 60e3;
    Stored {
        id,
        start_ms: last_ms,
        last_ms,
    }
}

#[test]
fn the_first_session_starts_and_marks_what_follows() {
    let mut session = session();
    let nothing = stored("", f64::NAN);
    session.join(NOW, &nothing, [0xab; 16]);
    let id = "ab".repeat(16);
    assert_eq!(session.session_id(), id);
    session.on(thrown("a"));
    session.on(Input::DocumentLoad {
        end_ms: 80.0,
        phases_ms: &[],
    });
    let (logs, spans) = sent(&mut session);
    assert_eq!(logs[0].event_name, "session.start");
    assert_eq!(logs[0].time_unix_nano, NOW as u64 * 1_000_000);
    assert!(value(&logs[0].attributes, "session.previous_id").is_none());
    assert!(logs.len() > 1 && !spans.is_empty());
    let all = logs.iter().map(|log| &log.attributes);
    for attributes in all.chain(spans.iter().map(|span| &span.attributes)) {
        assert_eq!(text(attributes, "session.id"), id);
    }
}

#[test]
fn a_living_session_goes_on_in_silence() {
    let mut session = session();
    session.join(NOW, &stored(OLD, 29.0), [0xab; 16]);
    session.on(thrown("a"));
    let (logs, _) = sent(&mut session);
    assert_eq!(logs.len(), 1);
    assert_eq!(text(&logs[0].attributes, "session.id"), OLD);
}

#[test]
fn an_idle_session_ends_when_it_was_last_used_and_the_next_names_it() {
    let mut session = session();
    session.join(NOW, &stored(OLD, 0.0), [1; 16]);
    session.on(thrown("before"));
    session.join(NOW + 31.0 * 60e3, &stored(OLD, 0.0), [0xab; 16]);
    session.on(thrown("after"));
    let (logs, _) = sent(&mut session);
    let new = "ab".repeat(16);
    let ids: Vec<_> = logs
        .iter()
        .map(|log| (log.event_name.as_str(), text(&log.attributes, "session.id")))
        .collect();
    let expected = [
        ("exception", OLD),
        ("session.end", OLD),
        ("session.start", new.as_str()),
        ("exception", new.as_str()),
    ];
    assert_eq!(ids, expected);
    assert_eq!(logs[1].time_unix_nano, NOW as u64 * 1_000_000);
    assert_eq!(text(&logs[2].attributes, "session.previous_id"), OLD);
}

#[test]
fn another_tabs_session_is_joined() {
    let mut session = session();
    session.join(NOW, &stored("", 0.0), [1; 16]);
    session.join(NOW, &stored(OLD, 0.0), [2; 16]);
    assert_eq!(session.session_id(), OLD);
    let (logs, _) = sent(&mut session);
    assert_eq!(logs.len(), 1, "the other tab told its start");
}

#[test]
fn the_resource_tells_the_device() {
    let mut session = session();
    session.on_device(&Device {
        brands: "Chromium 156\nNot/A)Brand 24",
        platform: "Linux",
        language: "de-AT",
        user_agent: "",
        network: "4g",
        mobile: Some(false),
        lacks_shifts: false,
    });
    session.on(thrown("a"));
    let batch = session.next(Need::Now, 1e6, false);
    let request = ExportLogsServiceRequest::decode(&batch[12..]).unwrap();
    let resource = request.resource_logs[0].resource.clone().unwrap();
    let attributes = &resource.attributes;
    assert_eq!(text(attributes, "browser.platform"), "Linux");
    assert_eq!(text(attributes, "browser.language"), "de-AT");
    assert_eq!(text(attributes, "sightline.network.effective_type"), "4g");
    assert_eq!(
        value(attributes, "browser.mobile"),
        Some(&Value::BoolValue(false))
    );
    let Some(Value::ArrayValue(brands)) = value(attributes, "browser.brands") else {
        panic!("no brands");
    };
    assert_eq!(brands.values.len(), 2);
    assert!(value(attributes, "user_agent.original").is_none());
}
