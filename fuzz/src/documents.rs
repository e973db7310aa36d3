//! What operators configure, as JSON and as a protobuf `Struct`.

use sightline_filter::config::Settings;

pub fn configuration(bytes: &[u8]) {
    if let Err(problems) = Settings::from_document(bytes) {
        assert!(!problems.is_empty(), "refused, and no reason");
        for problem in problems {
            let line = problem.to_string();
            assert!(!line.contains('\n'), "one line: {line:?}");
        }
    }
}

pub fn openapi(bytes: &[u8]) {
    let document = [
        &br#"{"service":{"name":"edge"},"openapi":"#[..],
        bytes,
        b"}",
    ]
    .concat();
    configuration(&document);
}
