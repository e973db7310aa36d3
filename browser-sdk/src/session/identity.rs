//! Who a page belongs to: the session that tabs share, and the browser.

use super::Session;
use alloc::string::String;
use sightline_core::append;
use sightline_core::id::TraceId;
use sightline_core::otlp::Severity;

use crate::clock::Clock;
use crate::device::Device;
use crate::outbox::Signal;
use crate::record::Record;
use crate::session_id::Stored;

impl Session {
    /// What the browser says of itself. Once: it adds to the resource.
    pub fn on_device(&mut self, device: &Device<'_>) {
        device.describe(&mut self.resource);
        self.lacks_shifts = device.lacks_shifts;
    }

    /// The id of the session that everything belongs to from now on; empty
    /// before the first [`Session::join`].
    pub fn session_id(&self) -> &str {
        &self.outbox.session_id
    }

    /// Goes on with the stored session, which another tab may have begun, or
    /// where it is over with a new one. Times are those of `Date.now()`.
    pub fn join(&mut self, now_ms: f64, stored: &Stored<'_>, entropy: [u8; 16]) {
        if stored.is_known() {
            self.outbox.session_id = append::owned(stored.id);
        }
        if stored.is_alive(now_ms) {
            return;
        }
        if !self.session_id().is_empty() {
            self.tell_session("session.end", "", stored.last_ms);
        }
        let mut id = String::new();
        append::hex(&mut id, TraceId::from_entropy(entropy).as_bytes());
        let previous = core::mem::replace(&mut self.outbox.session_id, id);
        self.tell_session("session.start", &previous, now_ms);
    }

    fn tell_session(&mut self, name: &str, previous: &str, unix_ms: f64) {
        let unix_nanos = Clock::new(unix_ms).unix_nanos(0.0);
        let mut event = Record::event(name, Severity::Info, unix_nanos, Some(&self.page.context));
        event.text("session.previous_id", previous);
        self.outbox.push(Signal::Logs, event);
    }
}
