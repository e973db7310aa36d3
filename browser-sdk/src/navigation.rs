//! What Navigation Timing says of the document's load: the phases of its span,
//! and the state that it was in at a time.

use sightline_core::search::split;

/// The members of `PerformanceNavigationTiming` that the engine is told, in
/// the order in which [`Navigation`] keeps their times.
pub const PHASES: &str = "workerStart
fetchStart
domainLookupStart
connectStart
secureConnectionStart
connectEnd
requestStart
responseStart
responseEnd
domInteractive
domContentLoadedEventStart
domContentLoadedEventEnd
domComplete
loadEventStart";
/// How many they are.
pub const PHASE_COUNT: usize = 14;

/// The states of a document in their order, each with the phase that ends it;
/// as web-vitals names them.
const STATES: [(&str, usize); 3] = [
    ("loading", 9),
    ("dom-interactive", 10),
    ("dom-content-loaded", 12),
];

/// How the document was loaded. Zeros until that is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Navigation {
    /// When a prerendered page was shown; else 0.
    pub activation_ms: f64,
    phases_ms: [f64; PHASE_COUNT],
}

impl Navigation {
    /// `activation_ms` is `activationStart`.
    pub fn new(activation_ms: f64) -> Self {
        Self {
            activation_ms,
            phases_ms: [0.0; PHASE_COUNT],
        }
    }

    /// Takes the times of [`PHASES`]; one that is zero has not been reached,
    /// or is not told.
    pub fn load(&mut self, phases_ms: &[f64]) {
        for (phase, at) in self.phases_ms.iter_mut().zip(phases_ms) {
            *phase = *at;
        }
    }

    /// Each phase that was reached, with its time.
    pub fn phases(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        let mut times = self.phases_ms.iter();
        split(PHASES, b'\n').filter_map(move |name| {
            let at = *times.next()?;
            (at > 0.0).then_some((name, at))
        })
    }

    #[inline(never)]
    fn at(&self, phase: usize) -> f64 {
        self.phases_ms.get(phase).copied().unwrap_or_default()
    }

    #[inline(never)]
    fn since_activation(&self, at_ms: f64) -> f64 {
        (at_ms - self.activation_ms).max(0.0)
    }

    /// When the first byte came, since the time origin.
    pub fn response_start(&self) -> f64 {
        self.at(7)
    }

    /// From activation to the first byte.
    pub fn first_byte(&self) -> f64 {
        self.since_activation(self.response_start())
    }

    /// The ends of what came before the first byte, since activation: of
    /// waiting, cache, name resolution and connection.
    pub fn before_first_byte(&self, part: usize) -> f64 {
        let phase = match part {
            0 => usize::from(self.at(0) == 0.0),
            3 => 5,
            _ => part.wrapping_add(1),
        };
        self.since_activation(self.at(phase))
    }

    /// The state of the document at a time.
    pub fn load_state(&self, at_ms: f64) -> &'static str {
        for (state, end) in STATES {
            let end = self.at(end);
            if end == 0.0 || at_ms < end {
                return state;
            }
        }
        "complete"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(reached: usize) -> Navigation {
        let mut navigation = Navigation::new(0.0);
        let mut times = [0.0; PHASE_COUNT];
        for (at, time) in times.iter_mut().enumerate().take(reached).skip(1) {
            *time = 10.0 * at as f64;
        }
        navigation.load(&times);
        navigation
    }

    #[test]
    fn places_are_those_of_the_phases() {
        for (place, name) in [
            (7, "responseStart"),
            (0, "workerStart"),
            (1, "fetchStart"),
            (2, "domainLookupStart"),
            (3, "connectStart"),
            (5, "connectEnd"),
        ] {
            assert_eq!(split(PHASES, b'\n').nth(place), Some(name));
        }
        assert_eq!(
            STATES.map(|(_, end)| split(PHASES, b'\n').nth(end)),
            [
                Some("domInteractive"),
                Some("domContentLoadedEventStart"),
                Some("domComplete")
            ]
        );
    }

    #[test]
    fn the_state_is_that_of_the_time() {
        let all = loaded(PHASE_COUNT);
        for (at, state) in [
            (89.9, "loading"),
            (90.0, "dom-interactive"),
            (100.0, "dom-content-loaded"),
            (119.9, "dom-content-loaded"),
            (120.0, "complete"),
        ] {
            assert_eq!(all.load_state(at), state, "{at}");
        }
        for (reached, state) in [
            (0, "loading"),
            (10, "dom-interactive"),
            (11, "dom-content-loaded"),
        ] {
            let state_then = loaded(reached).load_state(1e6);
            assert_eq!(state_then, state, "not reached yet after {reached} phases");
        }
    }

    #[test]
    fn waiting_ends_with_the_service_worker_where_there_is_one() {
        let mut navigation = loaded(PHASE_COUNT);
        let ends =
            |navigation: &Navigation| [0, 1, 2, 3].map(|part| navigation.before_first_byte(part));
        assert_eq!(ends(&navigation), [10.0, 20.0, 30.0, 50.0]);
        navigation.load(&[4.0]);
        assert_eq!(ends(&navigation)[0], 4.0);
        navigation.activation_ms = 25.0;
        assert_eq!(ends(&navigation), [0.0, 0.0, 5.0, 25.0]);
        assert_eq!(navigation.first_byte(), 45.0);
    }
}
