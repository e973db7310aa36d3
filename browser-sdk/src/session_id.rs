//! How long a session lasts, and what a page joins: the session that the browser
//! stored, shared by tabs, or a new one
//! ([OpenTelemetry](https://opentelemetry.io/docs/specs/semconv/general/session/)).
//! Reading and writing the storage is left to JavaScript.

use sightline_core::search::trim_end;

/// Without activity for so long, a session is over.
const MAX_IDLE_MS: f64 = 30.0 * 60e3;
/// So long after it began, too.
const MAX_AGE_MS: f64 = 4.0 * 3600e3;

/// A session as it was stored, by this tab or another. Times are those of
/// `Date.now()`; what was not there is no number and no text.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// 32 hexadecimal digits, if nobody meddled with the storage.
    pub id: &'a str,
    /// When it began.
    pub start_ms: f64,
    /// When something happened in it last.
    pub last_ms: f64,
}

impl Stored<'_> {
    /// Whether there is one, over or not: an id of digits that are not all zero.
    pub fn is_known(&self) -> bool {
        self.id.len() == 32
            && trim_end(self.id, b"0123456789abcdef").is_empty()
            && !trim_end(self.id, b"0").is_empty()
    }

    /// Whether it goes on. A clock that was set back before its begin ends it.
    pub fn is_alive(&self, now_ms: f64) -> bool {
        let age_ms = now_ms - self.start_ms;
        self.is_known()
            && (0.0..MAX_AGE_MS).contains(&age_ms)
            && now_ms - self.last_ms < MAX_IDLE_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0af7651916cd43dd8448eb211c80319c";
    const NOW: f64 = 1.8e12;
    const MINUTE: f64 = 60e3;

    #[test]
    fn a_session_ends_by_idleness_and_by_age() {
        for (id, age, idle, alive, why) in [
            (ID, 0.0, 0.0, true, "just begun"),
            (ID, 239.0, 29.9, true, "not quite too old nor idle"),
            (ID, 30.0, 30.0, false, "idle for half an hour"),
            (ID, 240.0, 1.0, false, "four hours old"),
            (ID, -1.0, -1.0, false, "the clock was set back"),
            (ID, f64::NAN, f64::NAN, false, "no times were stored"),
            ("", 1.0, 1.0, false, "nothing was stored"),
            (
                "af7651916cd43dd8448eb211c80319c",
                1.0,
                1.0,
                false,
                "too short",
            ),
            (
                "<script>0000000000000000000000000",
                1.0,
                1.0,
                false,
                "no id",
            ),
            (
                "00000000000000000000000000000000",
                1.0,
                1.0,
                false,
                "all zero",
            ),
        ] {
            let stored = Stored {
                id,
                start_ms: NOW - age * MINUTE,
                last_ms: NOW - idle * MINUTE,
            };
            assert_eq!(stored.is_alive(NOW), alive, "{why}");
        }
    }
}
