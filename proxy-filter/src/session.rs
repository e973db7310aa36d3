//! One request, from its headers to its end, as a state machine: what comes in
//! are header lines, the time and random bytes; what goes out are [`Effect`]s
//! on headers and, at the end, a finished span. No host, no clock, no counting.

pub mod b3;
mod caller;
pub mod head;
mod route;
mod trace;

pub use caller::SourceAddress;
pub use head::Head;
pub use route::{Origin, Route, RouteName, route_of};
pub use trace::Entropy;

use crate::access_log::Logged;
use crate::config::{IdFormat, KeepId, Settings};
use crate::finished_span::FinishedSpan;
use crate::health::Endpoint;
use crate::outcome::Outcome;
use crate::sampling::MaySample;
use crate::texts::{MAX_TEXT, Text, Texts};
use caller::Caller;
use sightline_core::baggage;
use sightline_core::names;
use sightline_core::request_id;
use sightline_core::route::path_of;
use std::borrow::Cow;
use std::rc::Rc;
use trace::Trace;

/// What shall happen to a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<'a> {
    /// The request to the upstream has this header once, with this value.
    SetOnRequest(&'a str, &'a [u8]),
    /// The request to the upstream does not have this header.
    RemoveFromRequest(&'a str),
    /// The response has this header once, with this value.
    SetOnResponse(&'a str, &'a [u8]),
    /// The response has one more line of this header.
    AddToResponse(&'a str, &'a [u8]),
}

/// What kind of request it is, by its path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Traced and counted.
    Traced,
    /// Passed on untouched.
    Excluded,
    /// Asks for the metrics page.
    MetricsPage,
    /// Carries telemetry of a page.
    Ingest,
    /// Asks for the proxy's health.
    Health(Endpoint),
}

/// A request that is under way.
#[derive(Debug)]
pub struct Session {
    request_id: RequestId,
    trace: Trace,
    start_unix_nanos: u64,
    scheme: &'static [u8],
    /// For span and log; none where there is neither.
    texts: Option<Rc<Texts>>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The status that was sent; none if no response ever was.
    pub status: Option<u16>,
    /// How long it took.
    pub duration_nanos: u64,
    /// What the proxy says of it, see [`crate::response_flags`].
    pub flags: u64,
    /// Bytes of its body.
    pub request_bytes: u64,
    /// Bytes of the response's body that were sent.
    pub response_bytes: u64,
}

/// The request id, kept without an allocation.
#[derive(Debug)]
struct RequestId {
    bytes: [u8; request_id::MAX_LEN],
    len: usize,
}

/// The class of a request.
pub fn classify(settings: &Settings, head: &Head<'_>) -> Class {
    let ingest = settings.ingest.as_ref();
    if ingest.is_some_and(|ingest| ingest.below(head.path).is_some()) {
        return Class::Ingest;
    }
    let Ok(path) = core::str::from_utf8(head.path) else {
        return Class::Traced;
    };
    let page = settings.metrics_path.as_deref();
    let is_read = matches!(head.method, b"GET" | b"HEAD");
    let health = settings.health.as_ref().filter(|_| is_read);
    if page == Some(path_of(path)) && is_read {
        Class::MetricsPage
    } else if let Some(endpoint) = health.and_then(|it| Endpoint::at(path_of(path), it)) {
        Class::Health(endpoint)
    } else if settings.exclude.template_for(path).is_some() {
        Class::Excluded
    } else {
        Class::Traced
    }
}

impl Session {
    /// Takes up a request. The effects make what the upstream sees.
    pub fn begin(
        settings: &Settings,
        head: &Head<'_>,
        now_unix_nanos: u64,
        may_sample: MaySample<'_>,
        source_address: SourceAddress<'_>,
        entropy: Entropy<'_>,
        emit: &mut dyn FnMut(Effect<'_>),
    ) -> Self {
        let name = settings.request_id_header.as_str();
        let mut caller = Caller::new(&settings.trusted, source_address);
        let mut keeps = || match settings.keep_request_id {
            KeepId::Any => true,
            KeepId::Trusted => caller.is_trusted(),
            KeepId::None => false,
        };
        let kept = head.request_id.one();
        let kept = kept.filter(|id| request_id::is_sane(id) && keeps());
        let request_id = match kept {
            Some(id) => RequestId::new(id),
            None => {
                let id = RequestId::make(settings.request_id_format, now_unix_nanos, entropy);
                emit(Effect::SetOnRequest(name, id.as_bytes()));
                id
            }
        };
        let trace = Trace::begin(settings, head, may_sample, &mut caller, entropy, emit);
        pass_baggage(&head.baggage, &mut caller, emit);
        // An error or a slow request is known only at its end, and by then
        // the proxy may have rewritten what was asked for.
        let wanted = settings.export.is_some() || settings.logs.is_on();
        let texts = |id: &RequestId| Rc::new(texts(settings, head, id.as_bytes()));
        Self {
            texts: wanted.then(|| texts(&request_id)),
            request_id,
            trace,
            start_unix_nanos: now_unix_nanos,
            scheme: match head.scheme {
                b"https" => b"https",
                b"http" => b"http",
                _ => b"",
            },
        }
    }

    /// The response is about to go out.
    pub fn respond(&self, settings: &Settings, emit: &mut dyn FnMut(Effect<'_>)) {
        let id = self.request_id.as_bytes();
        emit(Effect::SetOnResponse(&settings.request_id_header, id));
        if let Some(metric) = settings.server_timing {
            let traceparent = self.trace.context.to_traceparent();
            let value = [metric, ";desc=\"", traceparent.as_str(), "\""].concat();
            emit(Effect::AddToResponse("server-timing", value.as_bytes()));
        }
    }

    /// When it began, in nanoseconds since the Unix epoch.
    pub fn start_unix_nanos(&self) -> u64 {
        self.start_unix_nanos
    }

    /// The scheme, if it is one of HTTP.
    pub fn scheme(&self) -> &'static [u8] {
        self.scheme
    }

    /// The request has ended: what the log makes of it.
    pub fn log(&self, settings: &Settings, end: &End, series: usize) -> Logged {
        let context = Some(self.trace.context);
        let unix_nanos = self.start_unix_nanos.saturating_add(end.duration_nanos);
        let texts = self.texts.as_ref();
        Logged::decide(settings, context, series, end, unix_nanos, texts)
    }

    /// The request has ended: its span, if one is to be sent. `series` says
    /// where it was counted; `protocol` is asked only for the span.
    pub fn end(
        self,
        settings: &Settings,
        end: &End,
        series: usize,
        protocol: impl FnOnce() -> Vec<u8>,
    ) -> Option<FinishedSpan> {
        let texts = self.texts?;
        let kept_for = match self.trace.context.flags.sampled() {
            true => None,
            false => Some(end.keeps(settings)?),
        };
        Some(FinishedSpan {
            context: self.trace.context,
            parent: self.trace.parent,
            link: self.trace.link,
            trace_state: self.trace.state.map(String::into_boxed_str),
            series,
            kept_for,
            outcome: end.outcome(),
            start_unix_nanos: self.start_unix_nanos,
            duration_nanos: end.duration_nanos,
            protocol: protocol(),
            texts,
        })
    }
}

/// Baggage is for who is behind, from who is trusted; from anybody else it
/// could steer what is behind, or just be too much.
fn pass_baggage(lines: &[&[u8]], caller: &mut Caller<'_>, emit: &mut dyn FnMut(Effect<'_>)) {
    if lines.is_empty() {
        return;
    }
    let passed_on = baggage::combine(lines).filter(|_| caller.is_trusted());
    match passed_on {
        Some(Cow::Borrowed(_)) => {}
        Some(Cow::Owned(value)) => emit(Effect::SetOnRequest("baggage", value.as_bytes())),
        None => emit(Effect::RemoveFromRequest("baggage")),
    }
}

/// What the log makes of a request whose headers were seen only at its end.
pub fn log_unseen(
    settings: &Settings,
    head: &Head<'_>,
    end: &End,
    series: usize,
    now_unix_nanos: u64,
) -> Logged {
    let id = head.request_id.one();
    let id = id.filter(|id| settings.keep_request_id == KeepId::Any && request_id::is_sane(id));
    let texts = Rc::new(texts(settings, head, id.unwrap_or_default()));
    Logged::decide(settings, None, series, end, now_unix_nanos, Some(&texts))
}

fn texts(settings: &Settings, head: &Head<'_>, request_id: &[u8]) -> Texts {
    let kept = [
        head.path,
        head.authority,
        head.scheme,
        head.user_agent,
        request_id,
    ];
    let mut texts = Texts::with_capacity(kept.iter().map(|text| text.len().min(MAX_TEXT)).sum());
    let path = head.path.split(|byte| matches!(byte, b'?' | b'#')).next();
    texts.push(Text::Path, path.unwrap_or_default());
    texts.push(Text::Authority, head.authority);
    texts.push(Text::Scheme, head.scheme);
    texts.push(Text::UserAgent, head.user_agent);
    texts.push(Text::RequestId, request_id);
    if names::known_method(head.method) == names::METHOD_OTHER {
        texts.push(Text::Method, head.method);
    }
    let listed = &settings.logs.headers;
    if settings.logs.is_on() && !listed.is_empty() {
        for (name, value) in head.all.lines() {
            let number = listed.iter().position(|known| known.as_bytes() == name);
            if let Some(number) = number {
                texts.push_header(number, value);
            }
        }
    }
    texts
}

impl End {
    /// How it ended, as far as that is counted apart.
    pub fn outcome(&self) -> Outcome {
        Outcome::new(self.status, self.flags)
    }

    /// How long it took, in seconds.
    pub fn seconds(&self) -> f64 {
        self.duration_nanos as f64 / 1e9
    }

    /// Why such an end leaves a span and a log record, whatever sampling says.
    pub fn keeps(&self, settings: &Settings) -> Option<&'static str> {
        let is_slow = |limit| self.duration_nanos > limit;
        if self.outcome().error_attribute().is_some() {
            Some(names::keep::ERROR)
        } else if settings.slow_nanos.is_some_and(is_slow) {
            Some(names::keep::SLOW)
        } else {
            None
        }
    }
}

impl RequestId {
    /// Takes an id of at most the length that is kept.
    fn new(id: &[u8]) -> Self {
        let mut bytes = [0; request_id::MAX_LEN];
        bytes.iter_mut().zip(id).for_each(|(to, byte)| *to = *byte);
        let len = id.len().min(bytes.len());
        Self { bytes, len }
    }

    fn make(format: IdFormat, now_unix_nanos: u64, entropy: Entropy<'_>) -> Self {
        let mut random = [0; 16];
        entropy(&mut random);
        let text = &mut [0; 36];
        let id = match format {
            IdFormat::UuidV4 => request_id::uuid_v4(random, text),
            IdFormat::UuidV7 => {
                let random = random.first_chunk().copied().unwrap_or_default();
                request_id::uuid_v7(now_unix_nanos / 1_000_000, random, text)
            }
        };
        Self::new(id.as_bytes())
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
