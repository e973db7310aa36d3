//! What the page's own code tells, what leads to an error, and what waits for one.

use super::*;
use crate::attributes::MAX_ATTRIBUTES;
use crate::signals::custom::Span as CustomSpan;

const CLICK: &str = "00-33333333333333333333333333333333-4444444444444444-03";
const UNSAMPLED: &str = "00-33333333333333333333333333333333-5555555555555555-02";

fn attributes(texts: &'static str, numbers: &'static [f64]) -> Attributes<'static> {
    Attributes { numbers, texts }
}

fn event(name: &'static str, is_bounded: bool) -> Input<'static> {
    Input::CustomEvent(CustomEvent {
        name,
        url: "https://shop.example/products/7?coupon=x",
        at_ms: 30.0,
        is_bounded,
        attributes: attributes(
            "scart.id\0A-7\0ncart.value\x0012.5\0nitems\x003\0bgift\0true",
            &[f64::NAN, 12.5, 3.0, 1.0],
        ),
    })
}

fn span(traceparent: &'static str, parent: &'static str, texts: &'static str) -> Input<'static> {
    Input::Span(CustomSpan {
        traceparent,
        parent,
        name: "navigation ",
        url: "https://shop.example/products/7",
        start_ms: 10.0,
        end_ms: 40.0,
        attributes: attributes(texts, &[f64::NAN]),
    })
}

#[test]
fn events_carry_what_they_are_given_in_its_type() {
    let mut session = session();
    session.on(event("added to cart", false));
    let (logs, _) = sent(&mut session);
    let log = &logs[0];
    assert_eq!(log.event_name, "added to cart");
    let all = &log.attributes;
    assert_eq!(text(all, "cart.id"), "A-7");
    assert_eq!(number(all, "cart.value"), 12.5);
    assert_eq!(value(all, "items"), Some(&Value::IntValue(3)));
    assert_eq!(value(all, "gift"), Some(&Value::BoolValue(true)));
    assert_eq!(text(all, "url.template"), "/products/{id}");
    assert_eq!(
        log.trace_id,
        [
            0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80,
            0x31, 0x9c
        ]
    );
}

#[test]
fn attributes_leave_without_secrets_and_so_many_at_most() {
    let mut session = session();
    let many: String = (0..MAX_ATTRIBUTES * 2)
        .map(|at| format!("sk{at}\0v\0"))
        .collect();
    let numbers = [f64::NAN; MAX_ATTRIBUTES * 2];
    for (texts, numbers) in [
        (
            "smail\0write to ada@example.org\0spassword\0hunter2\0npin.code\x001234\0ncard\x004111111111111111\0sada@example.org\0x\0nduration\x003.4700000003725293\0nat\x001763800000004",
            &[
                f64::NAN,
                f64::NAN,
                1234.0,
                4_111_111_111_111_111.0,
                f64::NAN,
                3.470_000_000_372_529_3,
                1_763_800_000_004.0,
            ][..],
        ),
        (many.as_str(), &numbers[..]),
    ] {
        session.on(Input::CustomEvent(CustomEvent {
            name: "for bob@example.org",
            url: "",
            at_ms: 1.0,
            is_bounded: false,
            attributes: Attributes { numbers, texts },
        }));
    }
    let (logs, _) = sent(&mut session);
    assert_eq!(logs[0].event_name, "for REDACTED");
    let all = &logs[0].attributes;
    assert_eq!(text(all, "mail"), "write to REDACTED");
    assert_eq!(text(all, "password"), "REDACTED");
    assert_eq!(text(all, "card"), "REDACTED", "a number of a card");
    assert_eq!(text(all, "REDACTED"), "x");
    for (key, kept) in [
        ("duration", Value::DoubleValue(3.470_000_000_372_529_3)),
        ("at", Value::IntValue(1_763_800_000_004)),
    ] {
        assert_eq!(value(all, key), Some(&kept), "a number like a card's");
    }
    let keys = logs[1]
        .attributes
        .iter()
        .filter(|pair| pair.key.starts_with('k'));
    assert_eq!(keys.count(), MAX_ATTRIBUTES);
}

#[test]
fn a_key_is_there_once_ours_before_its_own_before_those_of_all() {
    let mut session = session();
    let common = "stenant\0common\0sregion\0north\0sclass\0common";
    session.on(Input::Attributes(attributes(common, &[f64::NAN; 3])));
    session.on(Input::CustomEvent(CustomEvent {
        name: "keys",
        url: "https://shop.example/products/7",
        at_ms: 1.0,
        is_bounded: false,
        // A value that is a key's name is none.
        attributes: attributes(
            "stenant\0region\0surl.template\0mine\0sclass\0own\0sclass\0again",
            &[f64::NAN; 4],
        ),
    }));
    let (logs, _) = sent(&mut session);
    let all = &logs[0].attributes;
    let mut keys: Vec<_> = all.iter().map(|pair| pair.key.as_str()).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count, "{keys:?}");
    assert_eq!(text(all, "tenant"), "region");
    assert_eq!(text(all, "region"), "north");
    assert_eq!(text(all, "class"), "own");
    assert_eq!(text(all, "url.template"), "/products/{id}");
}

#[test]
fn no_attributes_make_a_record_too_large() {
    let mut session = session();
    let value = "v".repeat(2000);
    let texts: String = (0..MAX_ATTRIBUTES)
        .map(|at| format!("sk{at}\0{value}\0"))
        .collect();
    let numbers = [f64::NAN; MAX_ATTRIBUTES];
    session.on(Input::Attributes(Attributes {
        numbers: &numbers,
        texts: &texts.replace("sk", "sc"),
    }));
    let long = "s".repeat(20_000);
    session.on(Input::Thrown(Thrown {
        kind: "RangeError",
        message: &long,
        stack: &long,
        url: "https://shop.example/",
        source: "captured",
        parent: "",
        at_ms: 20.0,
        attributes: Attributes {
            numbers: &numbers,
            texts: &texts,
        },
    }));
    let (logs, _) = sent(&mut session);
    let of = |first: char| {
        let keys = logs[0].attributes.iter();
        keys.filter(|pair| pair.key.starts_with(first) && pair.key.len() < 4)
            .count()
    };
    assert_eq!((of('k'), of('c')), (4, 4), "4 kB each");
}

#[test]
fn common_attributes_are_on_everything_from_then_on() {
    let mut session = session();
    session.on(thrown("before"));
    session.on(Input::Attributes(attributes(
        "suser.hash\0abc\0ntenant\x007",
        &[f64::NAN, 7.0],
    )));
    session.on(thrown("with"));
    session.on(span(CLICK, "", "sa\0b"));
    session.on(Input::Attributes(attributes(
        "suser.hash\0def",
        &[f64::NAN],
    )));
    session.on(thrown("another"));
    let (logs, spans) = sent(&mut session);
    assert_eq!(value(&logs[0].attributes, "user.hash"), None);
    assert_eq!(text(&logs[1].attributes, "user.hash"), "abc");
    assert_eq!(
        value(&logs[1].attributes, "tenant"),
        Some(&Value::IntValue(7))
    );
    assert_eq!(text(&spans[0].attributes, "user.hash"), "abc");
    assert_eq!(text(&logs[2].attributes, "user.hash"), "def");
    assert_eq!(value(&logs[2].attributes, "tenant"), None);
}

#[test]
fn spans_join_what_led_to_them_else_they_link_the_page() {
    let mut session = session();
    session.on(span(CLICK, "", "sa\0b"));
    session.on(span(FETCH, CLICK, "serror.type\0timeout"));
    session.on(Input::Fetched(Fetched {
        traceparent: CLICK,
        parent: FETCH,
        method: "GET",
        url: "https://shop.example/api",
        status: 200,
        error: "",
        start_ms: 1.0,
        end_ms: 2.0,
    }));
    let (_, spans) = sent(&mut session);
    assert_eq!(spans[0].name, "navigation /products/{id}");
    assert!(spans[0].parent_span_id.is_empty());
    assert_eq!(spans[0].links[0].span_id, [7; 8], "the page's");
    assert_eq!(spans[1].parent_span_id, [0x44; 8]);
    assert_eq!(
        (spans[1].flags, spans[1].links.len()),
        (0x103, 0),
        "its parent is here"
    );
    assert_eq!(spans[1].status.clone().unwrap().code, 2);
    assert_eq!(spans[2].parent_span_id, [0x22; 8]);
}

#[test]
fn an_error_says_how_it_came_and_what_happened_before() {
    let mut session = session();
    session.on(Input::Breadcrumb {
        at_ms: 12.9,
        kind: "click",
        text: "#buy",
    });
    session.on(event("added to cart", false));
    session.on(Input::Thrown(Thrown {
        kind: "TypeError",
        message: "no cart of ada@example.org",
        stack: "",
        url: "https://shop.example/cart",
        source: "unhandled_rejection",
        parent: CLICK,
        at_ms: 40.0,
        attributes: attributes("sreact.component\0Cart", &[f64::NAN]),
    }));
    session.on(thrown("second"));
    let (logs, _) = sent(&mut session);
    let [.., first, second] = logs.as_slice() else {
        panic!("{logs:?}");
    };
    let all = &first.attributes;
    assert_eq!(
        text(all, "sightline.exception.source"),
        "unhandled_rejection"
    );
    assert_eq!(text(all, "react.component"), "Cart");
    assert_eq!(first.trace_id, [0x33; 16], "in the trace of what led to it");
    let crumbs = |all| match value(all, "sightline.breadcrumbs") {
        Some(Value::ArrayValue(list)) => list
            .values
            .iter()
            .map(|one| match &one.value {
                Some(Value::StringValue(line)) => line.clone(),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(crumbs(all), ["12 click #buy", "30 event added to cart"]);
    assert_eq!(
        crumbs(&second.attributes).last().unwrap(),
        "40 error no cart of REDACTED"
    );
}

#[test]
fn what_a_watcher_tells_is_told_once_and_bounded() {
    let mut session = session();
    for _ in 0..3 {
        session.on(event("browser.report", true));
        session.on(event("added", false));
    }
    let (logs, _) = sent(&mut session);
    let count = |name| logs.iter().filter(|log| log.event_name == name).count();
    assert_eq!((count("browser.report"), count("added")), (1, 3));
    assert_eq!(session.outbox().account().get(Count::Duplicate), 2);
}

#[test]
fn what_is_not_sampled_is_sent_when_something_goes_wrong() {
    let mut session = session();
    for _ in 0..500 {
        session.on(span(UNSAMPLED, "", "sa\0b"));
    }
    let (_, spans) = sent(&mut session);
    assert_eq!(spans, []);
    // A resource that a blocker keeps away is nothing that went wrong.
    let Input::Thrown(error) = thrown("blocked") else {
        panic!();
    };
    session.on(Input::Thrown(Thrown {
        source: "resource",
        ..error
    }));
    assert_eq!(sent(&mut session).1, []);
    session.on(thrown("wrong"));
    let (_, spans) = sent(&mut session);
    assert!((50..400).contains(&spans.len()), "{} of 500", spans.len());
    assert!(spans.iter().all(|span| span.span_id == [0x55; 8]));
    session.on(thrown("wrong again"));
    assert_eq!(sent(&mut session).1, [], "once");

    // A vital that is poor is something wrong, too.
    session.on(span(UNSAMPLED, "", "sa\0b"));
    session.on(painted(9000.0));
    session.on(hidden(9500.0, 0.0));
    let (logs, spans) = sent(&mut session);
    assert_eq!(vitals(&logs)[0].0, "lcp");
    assert_eq!(spans.len(), 1);
}
