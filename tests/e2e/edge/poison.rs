//! Requests that no well-behaved client sends: the filter serves on.

use crate::setup::{Edge, envoy_present, filter_with};
use serde_json::json;
use sightline_tests::http::raw;

#[test]
fn poisonous_requests_leave_the_filter_alive() {
    if !envoy_present() {
        return;
    }
    let trace = json!({"b3": "multi", "max_per_second": 1});
    let edge = Edge::start(filter_with("/trace", trace), 1);
    let many: Vec<u8> = (0..90)
        .flat_map(|at| format!("x-{at}: {at}\r\n").into_bytes())
        .collect();
    let long = [b"x-long: ".to_vec(), vec![b'a'; 50_000], b"\r\n".to_vec()].concat();
    let cases: [(&str, &[u8], &[u8], u16); 13] = [
        ("non-UTF-8 header value", b"/direct", b"x-a: \xff\xfe\x80\r\n", 200),
        ("non-UTF-8 request id", b"/direct", b"x-request-id: \xff\xfe\r\n", 200),
        ("non-UTF-8 traceparent", b"/direct", b"traceparent: 00-\xff\xfe\r\ntracestate: \xff=1\r\n", 200),
        ("non-UTF-8 path", b"/products/\xff\xfe?\x80", b"", 400),
        ("non-UTF-8 user agent", b"/direct", b"user-agent: \x80\x81\r\n", 200),
        ("many headers", b"/direct", &many, 200),
        ("a very long header", b"/direct", &long, 200),
        ("many tracestates", b"/direct", b"tracestate: a=1\r\ntracestate: b=2\r\ntracestate: \r\ntraceparent: x\r\ntraceparent: y\r\n", 200),
        ("non-UTF-8 baggage", b"/direct", b"baggage: a=\xff,\x80\r\nbaggage: \r\nbaggage: ;=,\r\n", 200),
        ("non-UTF-8 B3", b"/direct", b"b3: \xff-\x80\r\nx-b3-traceid: \xff\r\nx-b3-spanid: \x80\r\nx-b3-flags: \xff\r\n", 200),
        ("an odd ot member", b"/direct", b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: ot=;;:;th:;rv:;th:zz;rv:-1\r\n", 200),
        ("an odd path", b"//..//%00%ff/{id}/*?#", b"", 400),
        ("an empty request id", b"/direct", b"x-request-id:\r\nx-request-id: two\r\n", 200),
    ];
    for (why, path, headers, status) in cases {
        let request = [
            b"GET ",
            path,
            b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n",
            headers,
            b"\r\n",
        ]
        .concat();
        let answer = String::from_utf8_lossy(&raw(edge.port, &request).unwrap()).into_owned();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{why}: {answer}"
        );
        // What Envoy itself refuses has no id; all else has passed the filter.
        let has_id = answer.to_ascii_lowercase().contains("\r\nx-request-id: ");
        assert_eq!(has_id, status == 200, "{why}: {answer}");
        let healthy = edge.get("/products/1", &[]);
        assert!(
            healthy.answer.header("x-request-id").is_some(),
            "dead after: {why}"
        );
    }
    for garbage in [
        &b"\x00\x01\x02\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"PURGE / HTTP/1.0\r\n\r\n",
        b"GET",
    ] {
        let stream = std::net::TcpStream::connect(("127.0.0.1", edge.port)).unwrap();
        std::io::Write::write_all(&mut &stream, garbage).unwrap();
        drop(stream);
        assert!(
            edge.get("/products/1", &[])
                .answer
                .header("x-request-id")
                .is_some()
        );
    }
    let page = sightline_tests::red::parse_page(&edge.page()).unwrap();
    assert_eq!(
        sightline_tests::red::total(&page, "http_requests_in_progress"),
        0.0
    );
    let log = edge.envoy.output();
    assert!(
        !log.contains("panicked")
            && !log.contains("wasm vm crash")
            && !log.contains("Function: proxy_on"),
        "{log}"
    );
}
