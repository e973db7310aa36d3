//! From the page's clock to the Unix epoch. No clock is read here.

/// The page's clock: milliseconds since its time origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin_unix_micros: u64,
}

impl Clock {
    /// `origin_unix_ms` is `performance.timeOrigin`.
    pub fn new(origin_unix_ms: f64) -> Self {
        Self {
            // Whole microseconds are exact in a double for two centuries;
            // nanoseconds are not. A cast from NaN or beyond range saturates.
            origin_unix_micros: (origin_unix_ms * 1e3) as u64,
        }
    }

    /// Nanoseconds since the Unix epoch of a `DOMHighResTimeStamp`.
    pub fn unix_nanos(self, at_ms: f64) -> u64 {
        let origin = self.origin_unix_micros.wrapping_mul(1000);
        origin.wrapping_add((at_ms * 1e6) as u64)
    }

    /// The same of a start and an end, which is not before it.
    pub fn span(self, start_ms: f64, end_ms: f64) -> [u64; 2] {
        [
            self.unix_nanos(start_ms),
            self.unix_nanos(end_ms.max(start_ms)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_tenth_of_a_millisecond_that_browsers_give() {
        let clock = Clock::new(1_763_000_000_123.4);
        assert_eq!(clock.unix_nanos(0.0), 1_763_000_000_123_400_000);
        assert_eq!(clock.unix_nanos(1500.1), 1_763_000_001_623_500_000);
    }

    #[test]
    fn survives_what_is_no_time() {
        for at in [f64::NAN, f64::INFINITY, -1.0, f64::MAX] {
            Clock::new(at).unix_nanos(at);
        }
        assert_eq!(Clock::new(1000.0).unix_nanos(f64::NAN), 1_000_000_000);
    }
}
