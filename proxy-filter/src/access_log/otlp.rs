//! A record as an OTLP log record, with the attributes of OpenTelemetry's HTTP
//! conventions. It is an event under a name of our own: the conventions have
//! none for a request that has ended, and their names are not ours to take.
//! The body is a short text of few varieties for who reads logs line by line.

use super::AccessRecord;
use crate::finished_span::Label;
use crate::response_flags;
use crate::texts::Text;
use sightline_core::names;
use sightline_core::otlp::{Attribute, LogRecord, Value, Writer};

impl AccessRecord {
    /// Appends the record as an item of an export request.
    pub fn write(&self, label: &Label<'_>, request_id_key: &str, items: &mut Writer) {
        let end = &self.end;
        let path = self.texts.safe_path();
        let method = self.texts.lossy(Text::Method);
        let error = self.error_type();
        let peer = self.peer.map(|peer| peer.to_string());
        let status = end.status.map(|status| status.to_string());
        let int = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let mut attributes = vec![
            Attribute::str("http.request.method", label.method),
            Attribute::str("user_agent.name", self.user_agent),
            Attribute::int("http.request.body.size", int(end.request_bytes)),
            Attribute::int("http.response.body.size", int(end.response_bytes)),
            Attribute::double("http.server.request.duration", end.seconds()),
        ];
        let optional = [
            ("http.request.method_original", method.as_deref()),
            ("http.route", label.route),
            (names::URL_PATH, path.as_deref()),
            ("client.address", peer.as_deref()),
            ("error.type", error.as_deref()),
        ];
        for (key, value) in optional {
            attributes.extend(value.map(|value| Attribute::str(key, value)));
        }
        let code = end.status.map(i64::from);
        attributes.extend(code.map(|code| Attribute::int("http.response.status_code", code)));

        let flags: Vec<_> = response_flags::short_names(end.flags).collect();
        let request_id = self.texts.lossy(Text::RequestId);
        let request_id = request_id.as_deref();
        let headers: Vec<_> = self
            .headers()
            .map(|(name, lines)| (["http.request.header.", name].concat(), lines))
            .collect();
        let headers: Vec<(_, Vec<_>)> = headers
            .iter()
            .map(|(key, lines)| (key, lines.iter().map(String::as_str).collect()))
            .collect();
        let mut list = |key, values| {
            let value = Value::StrList(values);
            attributes.push(Attribute { key, value });
        };
        if !flags.is_empty() {
            list(names::EDGE_RESPONSE_FLAGS, flags.as_slice());
        }
        if request_id.is_some() {
            list(request_id_key, request_id.as_slice());
        }
        for (key, lines) in &headers {
            list(key, lines.as_slice());
        }

        let words = [
            Some(label.method),
            label.route,
            Some(status.as_deref().unwrap_or(names::error::NO_RESPONSE)),
        ];
        let words: Vec<_> = words.into_iter().flatten().collect();
        LogRecord {
            unix_nanos: self.unix_nanos,
            severity: self.severity(),
            body: &words.join(" "),
            event_name: names::EDGE_REQUEST_EVENT,
            attributes: &attributes,
            context: self.context,
        }
        .write(items);
    }
}
