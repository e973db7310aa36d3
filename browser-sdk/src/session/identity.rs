//! Who a page belongs to: the session that tabs share, and the browser.

use super::Session;
use alloc::string::String;
use sightline_core::append;
use sightline_core::id::TraceId;
use sightline_core::otlp::{LogRecord, Severity, Writer};

use crate::attributes::Attributes;
use crate::clock::Clock;
use crate::device::Device;
use crate::outbox::Signal;
use crate::session_id::Stored;

impl Session {
    /// What the browser says of itself.
    pub fn on_device(&mut self, device: Device) {
        self.device = device;
    }

    /// The id of the session that everything belongs to from now on; empty
    /// before the first [`Session::join`].
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Goes on with the stored session, which another tab may have begun, or
    /// where it is over with a new one. Times are those of `Date.now()`.
    pub fn join(&mut self, now_ms: f64, stored: &Stored<'_>, entropy: [u8; 16]) {
        if stored.is_known() {
            self.mark(append::owned(stored.id));
        }
        if stored.is_alive(now_ms) {
            return;
        }
        let previous = core::mem::take(&mut self.session_id);
        if !previous.is_empty() {
            self.tell_session("session.end", "", stored.last_ms);
        }
        let mut id = String::new();
        append::hex(&mut id, TraceId::from_entropy(entropy).as_bytes());
        self.mark(id);
        self.tell_session("session.start", &previous, now_ms);
    }

    /// Every record from now on carries this id.
    fn mark(&mut self, id: String) {
        self.session_id = id;
        let mut attributes = Attributes::default();
        attributes.text("session.id", &self.session_id);
        self.outbox.mark(attributes.as_slice());
    }

    fn tell_session(&mut self, event_name: &'static str, previous: &str, unix_ms: f64) {
        let mut attributes = Attributes::default();
        attributes.text("session.previous_id", previous);
        let mut items = Writer::new();
        LogRecord {
            unix_nanos: Clock::new(unix_ms).unix_nanos(0.0),
            severity: Severity::Info,
            body: "",
            event_name,
            attributes: attributes.as_slice(),
            context: Some(self.page.context),
        }
        .write(&mut items);
        self.outbox.push(Signal::Logs, items);
    }
}
