//! First Contentful Paint ([definition](https://web.dev/articles/fcp)).

use sightline_core::names::web_vital as name;
use sightline_core::web_vital;

use super::vital::Vital;
use crate::record::Record;

/// Milliseconds.
pub const FCP: Vital = Vital::new(&web_vital::FCP, 3, 1e3);

/// The value of a paint at this time, in milliseconds since the origin; none
/// if the page had been hidden before.
pub fn value(paint_ms: f64, origin_ms: f64, hidden_ms: f64) -> Option<f64> {
    (paint_ms < hidden_ms).then(|| (paint_ms - origin_ms).max(0.0))
}

/// Adds what the value is made of, after a first byte at this time.
pub fn describe(value: f64, first_byte: f64, state: &'static str, record: &mut Record) {
    record.double(name::TIME_TO_FIRST_BYTE, first_byte);
    record.double(name::FIRST_BYTE_TO_FCP, value - first_byte);
    record.text(name::LOAD_STATE, state);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_activation_and_not_in_the_background() {
        const NEVER: f64 = f64::INFINITY;
        for (paint, activation, hidden, expected, why) in [
            (120.5, 0.0, NEVER, Some(120.5), "plain"),
            (
                120.5,
                100.0,
                NEVER,
                Some(20.5),
                "prerendered, painted after it was shown",
            ),
            (
                120.5,
                500.0,
                NEVER,
                Some(0.0),
                "prerendered, painted before it was shown",
            ),
            (120.5, 0.0, 120.5, None, "hidden at the paint"),
            (120.5, 0.0, 0.0, None, "opened in the background"),
            (f64::NAN, 0.0, NEVER, None, "no time"),
        ] {
            assert_eq!(value(paint, activation, hidden), expected, "{why}");
        }
    }
}
