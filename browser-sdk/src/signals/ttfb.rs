//! Time to First Byte ([definition](https://web.dev/articles/ttfb)).

use super::vital::Vital;

/// Milliseconds.
pub const TTFB: Vital = Vital {
    name: "ttfb",
    good: 800.0,
    fair: 1800.0,
};

/// The value, in milliseconds since activation; none where the browser gives a
/// `responseStart` that can't be true (zero for privacy, or in the future).
pub fn value(response_start_ms: f64, activation_ms: f64, now_ms: f64) -> Option<f64> {
    (response_start_ms > 0.0 && response_start_ms < now_ms)
        .then(|| (response_start_ms - activation_ms).max(0.0))
}

#[cfg(test)]
mod tests {
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
}
