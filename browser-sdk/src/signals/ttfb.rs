//! Time to First Byte ([definition](https://web.dev/articles/ttfb)).

use sightline_core::names::web_vital as name;
use sightline_core::web_vital;

use super::vital::Vital;
use crate::navigation::Navigation;
use crate::record::Record;

/// Milliseconds.
pub const TTFB: Vital = Vital::new(&web_vital::TTFB, 4, 1e3);

/// The value, in milliseconds since activation; none where the browser gives a
/// `responseStart` that can't be true (zero for privacy, or in the future).
pub fn value(response_start_ms: f64, activation_ms: f64, now_ms: f64) -> Option<f64> {
    (response_start_ms > 0.0 && response_start_ms < now_ms)
        .then(|| (response_start_ms - activation_ms).max(0.0))
}

/// The parts before the request, in their order.
const BEFORE: [&str; 4] = [
    name::WAITING_DURATION,
    name::CACHE_DURATION,
    name::DNS_DURATION,
    name::CONNECTION_DURATION,
];

/// Adds what the value is made of. The gap between connection and request
/// counts to the request, so that the parts add up.
pub fn describe(value: f64, navigation: &Navigation, record: &mut Record) {
    let mut before = 0.0;
    for (part, key) in BEFORE.iter().enumerate() {
        let end = navigation.before_first_byte(part);
        record.double(key, end - before);
        before = end;
    }
    record.double(name::REQUEST_DURATION, value - before);
}

#[cfg(test)]
mod tests {
    use super::super::vital::told_of;
    use super::*;

    #[test]
    fn refuses_what_cannot_be_true() {
        for (start, activation, expected, why) in [
            (50.0, 0.0, Some(50.0), "plain"),
            (50.0, 60.0, Some(0.0), "prerendered"),
            (0.0, 0.0, None, "kept back by the browser"),
            (-3.0, 0.0, None, "a bug of the browser"),
            (9000.0, 0.0, None, "in the future"),
            (f64::NAN, 0.0, None, "no time"),
        ] {
            assert_eq!(value(start, activation, 1000.0), expected, "{why}");
        }
    }

    #[test]
    fn the_parts_add_up() {
        let mut navigation = Navigation::new(0.0);
        navigation.load(&[0.0, 3.0, 5.0, 9.0, 0.0, 20.0, 21.0, 50.0]);
        let told = told_of(|attributes| describe(50.0, &navigation, attributes));
        let parts: alloc::vec::Vec<_> = told.iter().filter_map(|(_, part)| *part).collect();
        assert_eq!(parts, [3.0, 2.0, 4.0, 11.0, 30.0]);
    }
}
