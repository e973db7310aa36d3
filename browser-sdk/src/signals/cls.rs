//! Cumulative Layout Shift: the worst session window
//! ([definition](https://web.dev/articles/cls)), and its largest shift.

use alloc::string::String;

use sightline_core::append;
use sightline_core::names::web_vital as name;
use sightline_core::web_vital;

use super::vital::{self, Vital};
use crate::navigation::Navigation;
use crate::record::Record;

/// No unit.
pub const CLS: Vital = Vital::new(&web_vital::CLS, 2, 1.0);

/// A window ends after so long without a shift.
const MAX_GAP_MS: f64 = 1000.0;
/// No window is longer.
const MAX_WINDOW_MS: f64 = 5000.0;

#[derive(Clone, Debug, Default)]
struct Window {
    value: f64,
    first_ms: f64,
    last_ms: f64,
    largest: f64,
    largest_ms: f64,
    target: String,
}

/// The windows of a view.
#[derive(Clone, Debug, Default)]
pub struct Cls {
    worst: Window,
    window: Window,
}

impl Cls {
    /// A shift that followed no input; `target` is what it moved most.
    pub fn shift(&mut self, value: f64, at_ms: f64, target: &str) {
        let window = &mut self.window;
        let joins = window.value != 0.0
            && at_ms - window.last_ms < MAX_GAP_MS
            && at_ms - window.first_ms < MAX_WINDOW_MS;
        if !joins {
            *window = Window {
                first_ms: at_ms,
                ..Window::default()
            };
        }
        window.value += value;
        window.last_ms = at_ms;
        // Of equals the last one.
        if value >= window.largest {
            window.largest = value;
            window.largest_ms = at_ms;
            window.target = vital::kept(target);
        }
        if window.value > self.worst.value {
            let target = append::owned(&window.target);
            self.worst = Window { target, ..*window };
        }
    }

    /// The sum of the worst window so far.
    pub fn value(&self) -> f64 {
        self.worst.value
    }

    /// Adds the largest shift of that window, if there was one.
    pub fn describe(&self, navigation: &Navigation, record: &mut Record) {
        let worst = &self.worst;
        if worst.value > 0.0 {
            record.text(name::TARGET, &worst.target);
            record.double(name::LARGEST_SHIFT_VALUE, worst.largest);
            record.double(name::LARGEST_SHIFT_TIME, worst.largest_ms);
            record.text(name::LOAD_STATE, navigation.load_state(worst.largest_ms));
        }
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
            for (value, at) in shifts {
                cls.shift(*value, *at, "");
            }
            assert_eq!(cls.value(), expected, "{why}");
        }
    }

    #[test]
    fn the_largest_shift_is_that_of_the_worst_window() {
        let mut cls = Cls::default();
        for (value, at, target) in [
            (0.25, 100.0, "#a"),
            (0.375, 300.0, "#b"),
            (0.375, 400.0, "#c"),
            (0.5, 5000.0, "#alone"),
        ] {
            cls.shift(value, at, target);
        }
        assert_eq!((cls.value(), cls.worst.target.as_str()), (1.0, "#c"));
        let told = vital::told_of(|attributes| cls.describe(&Navigation::default(), attributes));
        let keys: alloc::vec::Vec<_> = told.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            [
                name::TARGET,
                name::LARGEST_SHIFT_VALUE,
                name::LARGEST_SHIFT_TIME,
                name::LOAD_STATE
            ]
        );
        let none = Cls::default();
        let told = vital::told_of(|attributes| none.describe(&Navigation::default(), attributes));
        assert!(told.is_empty(), "a page that never shifts");
    }
}
