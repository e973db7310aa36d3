//! Counters of the operator.

use super::*;

#[test]
fn counters_of_the_operator_add_up_what_headers_say() {
    let mut worker = Worker::new();
    let document = br#"{"service": {"name": "edge"}, "metrics": {"counters": [
        {"name": "orders_placed_total", "method": "GET", "route": "/products/{id}"},
        {"name": "orders_value_total", "status": ["2xx", "404"], "sum_header": "X-Total"},
        {"name": "orders_lost_total", "sum_header": "x-none"}
    ]}, "routes": ["/products/{id}"]}"#;
    worker.configure(9, document).unwrap();
    for (stream, status) in [(10, 200), (11, 404), (12, 500)] {
        worker.plugin.create_stream(stream, 9);
        worker.request(stream, &GET);
        worker.end(stream, status);
        worker.delete(stream);
    }
    for (name, value) in [
        ("orders_placed_total", 1.0),
        ("orders_value_total", 25.0),
        ("orders_lost_total", 0.0),
        ("sightline_edge_values_rejected_total", 1.0),
        ("errors_total", 2.0),
        ("http_request_bytes_total", 30.0),
    ] {
        assert_eq!(worker.total(name), value, "{name}");
    }
}
