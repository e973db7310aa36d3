//! The access log: what is kept of a request that has ended, and whether: a line
//! of JSON for the proxy's own log, a log record for a collector. Secrets and what is personal are taken out when
//! it is written, by the rules of the core.

mod line;
mod otlp;
mod peer;

pub use line::write_line;
pub use peer::{Peer, peer_key};

use crate::config::Settings;
use crate::session::End;
use crate::texts::{Text, Texts};
use sightline_core::otlp::Severity;
use sightline_core::redact;
use sightline_core::trace_context::SpanContext;
use sightline_core::url::split_scheme;
use sightline_core::user_agent;
use std::borrow::Cow;
use std::rc::Rc;

/// A request that has ended, as its log record tells of it.
#[derive(Debug)]
pub struct AccessRecord {
    /// The trace and the span; none where the filter never saw the request.
    pub context: Option<SpanContext>,
    /// The series that the request was counted under.
    pub series: usize,
    /// How it ended.
    pub end: End,
    /// When, in nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// The family of its client.
    pub user_agent: &'static str,
    /// Where it came from, as far as that may be told.
    pub peer: Option<Peer>,
    /// What it said.
    pub texts: Rc<Texts>,
    /// Names of the headers among the texts.
    pub header_names: Rc<[String]>,
}

/// What the log makes of a request.
#[derive(Debug)]
pub enum Logged {
    /// There is no log.
    Off,
    /// It succeeded, and sampling left it out.
    SampledOut,
    /// It is told.
    Record(AccessRecord),
}

impl Logged {
    /// Decides. Errors and slow requests are always told, and so is what
    /// belongs to no trace.
    pub fn decide(
        settings: &Settings,
        context: Option<SpanContext>,
        series: usize,
        end: &End,
        unix_nanos: u64,
        texts: Option<&Rc<Texts>>,
    ) -> Self {
        let Some(texts) = texts.filter(|_| settings.logs.is_on()) else {
            return Self::Off;
        };
        let is_good = end.status.is_some_and(|status| status < 400);
        let is_success = is_good && end.keeps(settings).is_none();
        let ratio = settings.logs.success_ratio;
        if is_success && context.is_some_and(|context| !ratio.keeps(&context.trace_id)) {
            return Self::SampledOut;
        }
        Self::Record(AccessRecord {
            context,
            series,
            end: *end,
            unix_nanos,
            user_agent: user_agent::family(texts.get(Text::UserAgent)),
            peer: None,
            texts: Rc::clone(texts),
            header_names: Rc::clone(&settings.logs.headers),
        })
    }
}

impl AccessRecord {
    /// What a server failed at is an error, as it is in the metrics; any other
    /// 4xx is worth a look.
    fn severity(&self) -> Severity {
        match self.end.status {
            _ if self.error_type().is_some() => Severity::Error,
            Some(..400) => Severity::Info,
            Some(..500) => Severity::Warn,
            Some(_) | None => Severity::Error,
        }
    }

    /// `error.type`, as in the metrics.
    fn error_type(&self) -> Option<Cow<'static, str>> {
        self.end.outcome().error_attribute()
    }

    /// The headers that are told, each with its lines without secrets.
    fn headers(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let named = self.header_names.iter().enumerate();
        named.filter_map(|(at, name)| {
            let lines: Vec<_> = self.texts.header(at).map(header_value).collect();
            (!lines.is_empty()).then_some((name.as_str(), lines))
        })
    }
}

/// The value of a header without secrets. One that is a URL or a path loses
/// the values of its query as any other URL does.
fn header_value(value: &[u8]) -> String {
    let value = String::from_utf8_lossy(value);
    if value.starts_with('/') || split_scheme(&value).is_some() {
        redact::url(&value)
    } else {
        redact::text(&value)
    }
}

#[cfg(test)]
mod tests;
