//! The whole line: one trace from a click in a real Chromium to the API's
//! database, totals that equal what Envoy logged, vitals and errors.

use sightline_symbolicate::{Maps, symbolicate};
use sightline_tests::http::Client;
use sightline_tests::line::{LAYERS, Line, SETTLE_LIMIT};
use sightline_tests::parts;
use sightline_tests::process::wait_for;

const PARTS: [&str; 9] = [
    parts::ENVOY,
    parts::FILTER,
    parts::OTELCOL,
    parts::PROMETHEUS,
    parts::CHROMIUM,
    parts::NODE,
    parts::PLAYWRIGHT,
    parts::SHOP_PYTHON,
    parts::SHOP_WEB,
];

#[test]
fn a_visit_is_one_unbroken_line() {
    if !parts::all_present(&PARTS) {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let line = Line::start(folder.path(), |_| {}).unwrap();
    let visit = line.visit().unwrap();

    let trace_id = visit.checkout_trace_id().unwrap();
    let joined = line.joined_trace(&trace_id, &LAYERS).unwrap();
    for pair in joined.chain.windows(2) {
        assert_eq!(pair[1].parent_id, pair[0].span_id);
        assert_eq!(pair[1].trace_id, trace_id);
    }
    // The person's click is where the line begins.
    let click = &joined.chain[0];
    assert_eq!(
        (click.service.as_str(), click.name.as_str()),
        (LAYERS[0], "click")
    );
    let edges = joined
        .chain
        .iter()
        .filter(|span| span.service.starts_with("edge"));
    let edges: Vec<_> = edges.map(|span| (span.name.as_str(), span.kind)).collect();
    assert_eq!(edges, [("POST /api/checkout", 2), ("POST /checkout", 2)]);

    wait_for(
        "a log record of each edge in the trace",
        SETTLE_LIMIT,
        || {
            let logs = sightline_tests::otlp::logs(&line.collector.logs)?;
            let of = |edge: &str| {
                logs.iter().any(|log| {
                    log.service == edge
                        && log.trace_id == trace_id
                        && log.event == "sightline.edge.request"
                })
            };
            Ok((of("edge") && of("edge-api")).then_some(()))
        },
    )
    .unwrap();

    let counted = line.settled_requests().unwrap();
    for edge in &counted {
        assert!(edge.sent > 0, "{} saw no request", edge.service);
        assert_eq!(edge.requests.values().sum::<u64>(), edge.sent);
    }
    // Both edges have asked what is behind them. Envoy logs whoever asks for
    // health, so that comes after the logs are compared.
    for edge in [&line.url, &line.internal_url] {
        let ready = format!("{edge}/health/ready");
        wait_for("both edges to be ready", SETTLE_LIMIT, || {
            let answer = Client::default().get(&ready, &[])?;
            anyhow::ensure!(answer.body == "{\"status\":\"ready\"}\n", "{answer:?}");
            Ok(Some(()))
        })
        .unwrap();
    }
    let routes: Vec<_> = counted[0]
        .requests
        .keys()
        .map(|(_, route, _)| route.as_str())
        .collect();
    assert!(
        routes.contains(&"/products/{id}") && routes.contains(&"/api/checkout"),
        "{routes:?}"
    );

    for vital in ["lcp", "fcp", "cls", "ttfb", "inp"] {
        wait_for(vital, SETTLE_LIMIT, || {
            let events = line.browser_events("browser.web_vital")?;
            Ok(events
                .iter()
                .any(|event| event.text("browser.web_vital.name") == vital)
                .then_some(()))
        })
        .unwrap();
    }
    wait_for("both errors with their stack", SETTLE_LIMIT, || {
        let errors = line.browser_events("exception")?;
        let with_stack = errors
            .iter()
            .filter(|error| error.text("exception.stacktrace").contains("/_next/"));
        Ok((with_stack.count() >= 2).then_some(()))
    })
    .unwrap();

    let errors = line.browser_events("exception").unwrap();
    let mut maps = Maps::below(&[line.maps().unwrap()]).unwrap();
    for (kind, frame, source) in [
        // The build has put `totalGrams` into its caller.
        ("TypeError", "onClick", "app/broken/breakages.tsx:11:"),
        ("RangeError", "loadKilnPlan", "app/broken/breakages.tsx:16:"),
    ] {
        let error = errors
            .iter()
            .find(|error| error.text("exception.type") == kind);
        let stack = error.unwrap().text("exception.stacktrace");
        let told = symbolicate(stack, &mut maps).unwrap().text;
        let is_frame = |line: &str| line.contains(frame) && line.contains(source);
        assert!(told.lines().any(is_frame), "{told}");
    }
    let navigations = line.navigations().unwrap();
    let to_product = navigations
        .iter()
        .find(|span| span.name == "navigation /products/{id}");
    assert!(to_product.is_some(), "{navigations:?}");

    // A page's own trace is the one that the edge started for it.
    wait_for(
        "a document load under the edge's span",
        SETTLE_LIMIT,
        || {
            let spans = sightline_tests::otlp::spans(&line.collector.traces)?;
            let joined = spans.iter().any(|load| {
                load.service == LAYERS[0]
                    && spans.iter().any(|edge| {
                        edge.service == LAYERS[1]
                            && edge.span_id == load.parent_id
                            && edge.trace_id == load.trace_id
                    })
            });
            Ok(joined.then_some(()))
        },
    )
    .unwrap();

    // The API's log says which trace and request each line belongs to.
    let log = line.api.log();
    assert!(
        log.lines()
            .any(|entry| entry.contains(&trace_id) && entry.contains("\"request_id\"")),
        "{log}"
    );
    assert!(!log.contains("/health/"), "probes stay out of the log");
}
