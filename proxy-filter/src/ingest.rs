//! Telemetry that pages send through the edge: what may pass to the collector,
//! decided on a request's headers alone, and what is left of them. Bodies are
//! never read: a proxy takes no more of one than its `content-length` says, so
//! it is enough that there is one. How much a client may send is
//! [`client_limit`]'s matter.

pub mod client_limit;
mod sender;

use crate::config::Ingest;
use crate::header_map::HeaderMap;
use crate::session::Effect;
use crate::session::head::Line;
use sender::Sender;

/// The headers that reach the collector. It needs no other, and whatever else
/// a browser sends, cookies first of all, tells of a person. Without
/// `x-forwarded-proto`, which is http or https, Envoy finds no route.
const PASSED_ON: [&[u8]; 5] = [
    b"host",
    b"content-type",
    b"content-length",
    b"content-encoding",
    b"x-forwarded-proto",
];

/// How long a browser may remember that a page of another origin may send, in
/// seconds: the most that Chromium does.
const PREFLIGHT_SECONDS: &[u8] = b"7200";

/// What becomes of a request; [`sightline_core::names::ingest::RESULTS`] are
/// the names, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Accepted,
    /// A browser asks whether a page of another origin may send: it may.
    Preflight,
    /// There is nothing at that path.
    NotFound,
    /// The method is not POST.
    Method,
    /// It is from a page of somebody else, or from no page.
    Origin,
    /// It is neither OTLP in protobuf nor in JSON.
    ContentType,
    /// It is encoded otherwise than by gzip.
    ContentEncoding,
    /// It does not say how long it is.
    NoLength,
    /// It is too long.
    TooLarge,
    /// Its client has sent too much.
    RateLimited,
}

/// An answer of the edge's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// JSON, or nothing.
    pub body: &'static str,
}

/// The headers that decide.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'h> {
    method: &'h [u8],
    path: &'h [u8],
    scheme: &'h [u8],
    authority: &'h [u8],
    origin: Line<'h>,
    sec_fetch_site: Line<'h>,
    content_type: Line<'h>,
    content_encoding: Line<'h>,
    content_length: Line<'h>,
    /// No length bounds what follows.
    is_unbounded: bool,
    is_preflight: bool,
}

impl<'h> Head<'h> {
    /// Reads the header lines in one pass.
    pub fn read(headers: HeaderMap<'h>) -> Self {
        let mut head = Self::default();
        for (name, value) in headers.lines() {
            match name {
                b":method" => head.method = value,
                b":path" => head.path = value,
                b":scheme" => head.scheme = value,
                b":authority" => head.authority = value,
                b"origin" => head.origin.add(value),
                b"sec-fetch-site" => head.sec_fetch_site.add(value),
                b"content-type" => head.content_type.add(value),
                b"content-encoding" => head.content_encoding.add(value),
                b"content-length" => head.content_length.add(value),
                b"transfer-encoding" | b"upgrade" => head.is_unbounded = true,
                b"access-control-request-method" => head.is_preflight = true,
                _ => {}
            }
        }
        head
    }

    /// What the headers say of it, and the origin that is to hear of it by
    /// CORS. Whether its client may send now is another question.
    pub fn check(&self, settings: &Ingest) -> (Verdict, Option<&'h [u8]>) {
        let rest = settings.below(self.path).map(without_query);
        if !matches!(rest, Some(b"/traces" | b"/metrics" | b"/logs")) {
            return (Verdict::NotFound, None);
        }
        let is_options = self.method == b"OPTIONS";
        if self.method != b"POST" && !is_options {
            return (Verdict::Method, None);
        }
        let origin = match self.sender(&settings.origins) {
            Sender::Foreign => return (Verdict::Origin, None),
            Sender::Own => None,
            Sender::Listed(origin) => Some(origin),
        };
        let verdict = if is_options {
            match origin.is_some() && self.is_preflight {
                true => Verdict::Preflight,
                false => Verdict::Method,
            }
        } else if !self.content_type.one().is_some_and(is_otlp) {
            Verdict::ContentType
        } else if !self.has_known_encoding() {
            Verdict::ContentEncoding
        } else {
            self.check_length(settings.max_body_bytes)
        };
        (verdict, origin)
    }

    fn has_known_encoding(&self) -> bool {
        match self.content_encoding {
            Line::None => true,
            Line::One(encoding) => {
                encoding.eq_ignore_ascii_case(b"gzip") || encoding.eq_ignore_ascii_case(b"identity")
            }
            Line::Several => false,
        }
    }

    fn check_length(&self, max_body_bytes: u64) -> Verdict {
        let length = self.content_length.one().filter(|_| !self.is_unbounded);
        let Some(digits) = length.filter(|text| is_number(text)) else {
            return Verdict::NoLength;
        };
        let length = core::str::from_utf8(digits).ok();
        // A number that does not fit is too large, too.
        match length.and_then(|digits| digits.parse::<u64>().ok()) {
            Some(length) if length <= max_body_bytes => Verdict::Accepted,
            _ => Verdict::TooLarge,
        }
    }
}

/// What makes a request one that the collector can have.
pub fn strip(headers: HeaderMap<'_>, emit: &mut dyn FnMut(Effect<'_>)) {
    for (name, value) in headers.lines() {
        let path = without_query(value);
        if name == b":path" && path != value {
            emit(Effect::SetOnRequest(":path", path));
        }
        let stays = name.starts_with(b":") || PASSED_ON.contains(&name);
        // A proxy lets no other names pass than those of tokens.
        if let Ok(name) = core::str::from_utf8(name)
            && !stays
        {
            emit(Effect::RemoveFromRequest(name));
        }
    }
}

/// The collector has answered a page of another origin.
pub fn respond(origin: &[u8], emit: &mut dyn FnMut(Effect<'_>)) {
    for (name, value) in cors(origin) {
        match name {
            "vary" => emit(Effect::AddToResponse(name, value)),
            name => emit(Effect::SetOnResponse(name, value)),
        }
    }
}

/// What a page of another origin may read of an answer.
fn cors(origin: &[u8]) -> [(&'static str, &[u8]); 3] {
    [
        ("access-control-allow-origin", origin),
        ("access-control-expose-headers", b"retry-after"),
        ("vary", b"origin"),
    ]
}

impl Verdict {
    /// What is answered in place of the collector; nothing if the request
    /// passes. `wait_nanos` is how long its client has to wait.
    pub fn answer(self, origin: Option<&[u8]>, wait_nanos: u64) -> Option<Answer> {
        let (status, body) = match self {
            Self::Accepted => return None,
            Self::Preflight => (204, ""),
            Self::NotFound => (
                404,
                r#"{"message":"only traces, metrics and logs are here"}"#,
            ),
            Self::Method => (405, r#"{"message":"send it by POST"}"#),
            Self::Origin => (
                403,
                r#"{"message":"pages of this origin may not send here"}"#,
            ),
            Self::ContentType => (
                415,
                r#"{"message":"send application/x-protobuf or application/json"}"#,
            ),
            Self::ContentEncoding => (415, r#"{"message":"send it as it is or by gzip"}"#),
            Self::NoLength => (411, r#"{"message":"send content-length"}"#),
            Self::TooLarge => (413, r#"{"message":"send less at once"}"#),
            Self::RateLimited => (429, r#"{"message":"send less often"}"#),
        };
        let mut headers = vec![("cache-control", b"no-store".to_vec())];
        if !body.is_empty() {
            headers.push(("content-type", b"application/json".to_vec()));
        }
        match self {
            Self::Preflight => headers.extend([
                ("access-control-allow-methods", b"POST".to_vec()),
                (
                    "access-control-allow-headers",
                    b"content-type, content-encoding".to_vec(),
                ),
                ("access-control-max-age", PREFLIGHT_SECONDS.to_vec()),
            ]),
            Self::Method => headers.push(("allow", b"POST".to_vec())),
            Self::ContentEncoding => headers.push(("accept-encoding", b"gzip".to_vec())),
            Self::RateLimited => {
                let seconds = wait_nanos.div_ceil(1_000_000_000).max(1);
                headers.push(("retry-after", seconds.to_string().into_bytes()));
            }
            _ => {}
        }
        let cors = origin.into_iter().flat_map(cors);
        headers.extend(cors.map(|(name, value)| (name, value.to_vec())));
        Some(Answer {
            status,
            headers,
            body,
        })
    }
}

fn without_query(path: &[u8]) -> &[u8] {
    let end = path.iter().position(|byte| matches!(byte, b'?' | b'#'));
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

fn is_otlp(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    essence.eq_ignore_ascii_case(b"application/x-protobuf")
        || essence.eq_ignore_ascii_case(b"application/json")
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests;
