//! Paths, texts that may hold secrets, and what receivers answer.

use sightline_core::redact;
use sightline_core::route::{Routes, infer, path_of};
use sightline_core::stack::{frame, frames, is_v8};
use sightline_core::url;
use sightline_filter::business_counter::{Statuses, amount, name_problem};
use sightline_filter::exporter::rejected_in;
use sightline_filter::response_flags;

/// A path of more is cut, and an empty part stands before the first.
const MAX_SEGMENTS: usize = 10;

/// In each of [`SECRETS`].
const SECRET: &str = "hunter2hunter2";
const SECRETS: [&str; 4] = [
    "password=hunter2hunter2",
    "Bearer hunter2hunter2",
    "ada@hunter2hunter2.example",
    "https://ada:hunter2hunter2@shop.example/",
];

pub fn route(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\n');
    let path = parts.next().unwrap_or_default();
    let mut routes = Routes::default();
    for template in parts.take(64) {
        let _ = routes.add(template);
    }
    let route = routes.route_of(path);
    assert!(!infer(path).contains(['?', '#']));
    assert!(infer(path).split('/').count() <= MAX_SEGMENTS);
    let _ = route;
    let _ = path_of(path);
    let _ = url::split_scheme(path);
    let _ = url::split_authority(path);
}

pub fn redaction(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in SECRETS {
        // A word of its own, whatever stands before and behind it.
        let (before, behind) = text.split_once('\n').unwrap_or((&text, ""));
        let kept = redact::text(&format!("{before} {secret} {behind}"));
        assert!(text.contains(SECRET) || !kept.contains(SECRET), "{kept:?}");
    }
    let _ = redact::url(&text);
    let _ = redact::is_secret_key(&text);
    let _ = url::split_email(&text);
}

/// The first line is the error's message.
pub fn stack(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (message, stack) = text.split_once('\n').unwrap_or(("", &text));
    let mut count = 0;
    for frame in frames(stack, message) {
        assert!(stack.contains(frame.function) && stack.contains(frame.file));
        assert!(!frame.function.contains('\n') && !frame.file.contains('\n'));
        count += 1;
    }
    assert!(count <= stack.split('\n').count());
    // Whoever writes a frame so is read so.
    for told in frames(stack, message) {
        let (function, file) = (told.function, told.file);
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain(function) || function.is_empty() || told.line == 0 || told.column == 0 {
            continue;
        }
        let Some(path) = file.strip_prefix("https://").filter(|path| is_plain(path)) else {
            continue;
        };
        let place = format!("https://{path}:{}:{}", told.line, told.column);
        let v8 = format!("    at {function} ({place})");
        assert!(is_v8(&v8));
        assert_eq!(frame(&v8, true), Some(told));
        assert_eq!(frame(&format!("{function}@{place}"), false), Some(told));
    }
}

pub fn answer(bytes: &[u8]) {
    let _ = rejected_in(bytes);
    let _ = amount(bytes);
    if let Some(eight) = bytes.first_chunk::<8>() {
        let bits = u64::from_le_bytes(*eight);
        let count = response_flags::short_names(bits).count();
        assert!(count <= 64);
        let status = bytes.get(8).map(|byte| u16::from(*byte) * 3);
        let _ = response_flags::error_type(bits, status);
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = Statuses::parse(&text);
    let _ = name_problem(&text);
}
