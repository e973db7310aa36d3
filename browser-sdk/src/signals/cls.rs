//! Cumulative Layout Shift: the worst session window
//! ([definition](https://web.dev/articles/cls)).

use super::vital::Vital;

/// No unit.
pub const CLS: Vital = Vital {
    name: "cls",
    good: 0.1,
    fair: 0.25,
};

/// A window ends after so long without a shift.
const MAX_GAP_MS: f64 = 1000.0;
/// No window is longer.
const MAX_WINDOW_MS: f64 = 5000.0;

/// The windows of a page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cls {
    worst: f64,
    window: f64,
    first_ms: f64,
    last_ms: f64,
}

impl Cls {
    /// A shift that followed no input.
    pub fn shift(&mut self, value: f64, at_ms: f64) {
        let joins = self.window != 0.0
            && at_ms - self.last_ms < MAX_GAP_MS
            && at_ms - self.first_ms < MAX_WINDOW_MS;
        if joins {
            self.window += value;
        } else {
            self.window = value;
            self.first_ms = at_ms;
        }
        self.last_ms = at_ms;
        self.worst = self.worst.max(self.window);
    }

    /// The sum of the worst window so far.
    pub fn value(&self) -> f64 {
        self.worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_window_counts() {
        for (shifts, expected, why) in [
            (&[][..], 0.0, "a page that never shifts"),
            (&[(0.25, 100.0), (0.5, 1099.0)], 0.75, "within a second"),
            (&[(0.25, 100.0), (0.5, 1100.0)], 0.5, "a second apart"),
            (&[(0.5, 100.0), (0.25, 3000.0)], 0.5, "the first is worse"),
            (
                &[
                    (0.125, 0.0),
                    (0.125, 900.0),
                    (0.125, 1800.0),
                    (0.125, 2700.0),
                    (0.125, 3600.0),
                    (0.125, 4500.0),
                    (0.125, 5000.0),
                ],
                0.75,
                "no window is longer than five seconds",
            ),
        ] {
            let mut cls = Cls::default();
            shifts.iter().for_each(|(value, at)| cls.shift(*value, *at));
            assert_eq!(cls.value(), expected, "{why}");
        }
    }
}
