//! The functions that a proxy-wasm host calls
//! ([ABI 0.2.1](https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1)),
//! and the only code that knows a host. It reads what the host has, asks
//! [`Plugin`] what to do, and does it.
//!
//! There is no SDK in between: the Rust SDK panics on a status that it does
//! not expect and on text that is no UTF-8, and it exports the callbacks for
//! bodies and trailers, which then cost a crossing for every chunk. What is
//! not exported here, the host does not call.

mod clock;
mod entropy;
mod host;
mod stats;

use crate::call::{Call, NotStarted};
use crate::exporter::{Answer, rejected_in};
use crate::health::Endpoint;
use crate::ingest;
use crate::now::Now;
use crate::open_metrics::Form;
use crate::plugin::{Decision, Plugin, Proxy, StreamInfo};
use crate::session::Effect;
use crate::signal::Change;
use host::{Level, Map};
use std::cell::RefCell;

thread_local! {
    static PLUGIN: RefCell<Plugin> = RefCell::default();
}

/// Runs with the plugin. The host never calls in again while it serves a call
/// of ours, except for memory; should one do so, that call goes without the
/// filter.
fn with_plugin<T: Default>(run: impl FnOnce(&mut Plugin) -> T) -> T {
    PLUGIN.with(|plugin| {
        plugin
            .try_borrow_mut()
            .map_or_else(|_| T::default(), |mut plugin| run(&mut plugin))
    })
}

const CONTINUE: u32 = 0;
const PAUSE: u32 = 1;
const CONFIGURATION_REFUSED: u32 = 0;
const CONFIGURATION_TAKEN: u32 = 1;

/// Says which version of the ABI this is.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_abi_version_0_2_1() {}

/// A context is created: for a configuration if it has no parent, else for a request.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_context_create(context: u32, parent: u32) {
    if parent != 0 {
        with_plugin(|plugin| plugin.create_stream(context, parent));
    }
}

/// The configuration of a context.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_configure(root: u32, size: usize) -> u32 {
    let document = host::plugin_configuration(size).unwrap_or_default();
    let tick = with_plugin(|plugin| {
        let now = clock::now();
        Some(plugin.configure(root, &document, now, &mut host::Shared, &mut entropy::fill))
    });
    match tick {
        Some(Ok(millis)) => {
            host::set_tick_period(millis);
            CONFIGURATION_TAKEN
        }
        Some(Err(message)) => {
            host::log(Level::Error, &["sightline: ", &message].concat());
            CONFIGURATION_REFUSED
        }
        None => CONFIGURATION_REFUSED,
    }
}

/// The request headers are there.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_request_headers(stream: u32, _count: usize, is_end: u32) -> u32 {
    with_plugin(|plugin| {
        let headers = host::headers(Map::Request).unwrap_or_default();
        let proxy = Proxy {
            now_unix_nanos: clock::unix_nanos(),
            has_body: is_end == 0,
            shared: &mut host::Shared,
            source_address: &mut source_address,
            route_name: &mut route_name,
            entropy: &mut entropy::fill,
        };
        let decision = plugin.request(stream, &headers, proxy, &mut apply);
        let is_sent = match decision {
            Decision::Continue => false,
            Decision::Answer(answer) => return answer_with(&answer),
            Decision::AnswerWithPage(form) => send_page(plugin, stream, form),
            Decision::AnswerWithHealth(endpoint) => send_health(plugin, stream, endpoint),
        };
        if is_sent { PAUSE } else { CONTINUE }
    })
}

fn send_page(plugin: &mut Plugin, stream: u32, form: Form) -> bool {
    let now = clock::now();
    let page = plugin.page(stream, form, now, &mut host::Shared, &mut entropy::fill);
    match page {
        Some(page) => host::send_local_response(200, form.content_type(), page.as_bytes()),
        None => host::send_local_response(503, "text/plain", b"no shared data\n"),
    }
}

fn send_health(plugin: &mut Plugin, stream: u32, endpoint: Endpoint) -> bool {
    let reply = plugin.health(stream, endpoint, clock::now(), &mut host::Shared);
    reply.is_some_and(|reply| {
        let status = u32::from(reply.status);
        host::send_local_response(status, "application/json", reply.body.as_bytes())
    })
}

/// A request that can't be answered so does not pass, either.
fn answer_with(answer: &ingest::Answer) -> u32 {
    let headers = answer.headers.iter();
    let headers: Vec<_> = headers.map(|(name, value)| (*name, &**value)).collect();
    host::answer(answer.status.into(), &headers, answer.body.as_bytes());
    PAUSE
}

/// Empty where the proxy has no route, or one without a name.
fn route_name() -> Vec<u8> {
    if cfg!(not(feature = "stream-properties")) {
        return Vec::new();
    }
    host::property(b"xds\0route_name").unwrap_or_default()
}

/// The response headers are there.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_response_headers(stream: u32, _count: usize, _is_end: u32) -> u32 {
    with_plugin(|plugin| plugin.response(stream, &mut apply));
    CONTINUE
}

/// The request has ended.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_log(stream: u32) {
    if with_plugin(|plugin| plugin.end(stream, &mut EndOfStream)) {
        host::set_tick_period(HURRY_MILLIS);
    }
}

/// A context is gone.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_delete(context: u32) {
    with_plugin(|plugin| {
        let shared = &mut host::Shared;
        plugin.delete(
            context,
            &mut EndOfStream,
            clock::now,
            shared,
            &mut entropy::fill,
        );
        // Every request's context comes here; only a configuration's publishes.
        stats::add(plugin.take_stats());
    });
}

/// Time for what is not urgent.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_tick(root: u32) {
    with_plugin(|plugin| {
        let now = clock::now();
        let tick = plugin.tick(root, now, &mut host::Shared, &mut entropy::fill);
        if let Some(millis) = tick.period_millis {
            host::set_tick_period(millis);
        }
        send(plugin, root, tick.calls, now);
        stats::add(plugin.take_stats());
    });
}

/// The answer to a call of ours, or that there is none.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_http_call_response(
    root: u32,
    token: u32,
    headers: usize,
    body_size: usize,
    _trailers: usize,
) {
    with_plugin(|plugin| {
        let mut answer = Answer::default();
        if headers > 0 {
            answer.status = header_number(b":status").and_then(|status| u16::try_from(status).ok());
            answer.retry_after_seconds = header_number(b"retry-after");
            let body = host::call_response_body(body_size.min(MAX_ANSWER_BYTES));
            answer.body = body.unwrap_or_default();
            answer.rejected = rejected_in(&answer.body);
        }
        let now = clock::now();
        log_change(plugin.answered(
            root,
            token,
            &answer,
            now,
            &mut host::Shared,
            &mut entropy::fill,
        ));
        let calls = plugin.next_calls(root, now);
        send(plugin, root, calls, now);
    });
}

/// As much of an answer as is read.
const MAX_ANSWER_BYTES: usize = 64;

fn header_number(name: &[u8]) -> Option<u64> {
    let value = host::header(Map::CallResponse, name)?;
    core::str::from_utf8(&value).ok()?.trim().parse().ok()
}

/// Until the tick that a request asks for: its own context cannot send. The busier
/// a worker is, the more comes along in the meantime and shares the cost of the
/// call.
const HURRY_MILLIS: u64 = 10;

fn send(plugin: &mut Plugin, root: u32, calls: Vec<Call>, now: Now) {
    for call in calls {
        let token = dispatch(&call);
        log_change(plugin.called(root, &call, token, now, &mut entropy::fill));
    }
}

fn dispatch(call: &Call) -> Result<u32, NotStarted> {
    let request = call.request().ok_or(NotStarted::NoCluster)?;
    let version = concat!("sightline-filter/", env!("CARGO_PKG_VERSION"));
    let mut headers: Vec<(&str, &[u8])> = vec![
        (":method", request.method.as_bytes()),
        (":path", request.path.as_bytes()),
        (":authority", request.authority.as_bytes()),
        (":scheme", b"http"),
        ("user-agent", version.as_bytes()),
    ];
    let traceparent = call.traceparent(&mut entropy::fill);
    let traceparent = traceparent.as_ref();
    headers.extend(traceparent.map(|value| ("traceparent", value.as_bytes())));
    let content_type = request.content_type;
    headers.extend(content_type.map(|kind| ("content-type", kind.as_bytes())));
    let (cluster, timeout) = (request.cluster, request.timeout_millis);
    host::http_call(cluster, &headers, request.body, timeout)
}

fn log_change(change: Option<Change>) {
    if let Some(change) = change {
        let level = match change.failure {
            Some(_) => Level::Warn,
            None => Level::Info,
        };
        host::log(level, &change.message());
    }
}

fn apply(effect: Effect<'_>) {
    match effect {
        Effect::SetOnRequest(name, value) => host::set_header(Map::Request, name, value),
        Effect::RemoveFromRequest(name) => host::remove_header(Map::Request, name),
        Effect::SetOnResponse(name, value) => host::set_header(Map::Response, name, value),
        Effect::AddToResponse(name, value) => host::add_header(Map::Response, name, value),
    }
}

/// The property that carries a line for the access log. Envoy's filter state
/// has it as `wasm.sightline_log`.
#[cfg(feature = "stream-properties")]
const ACCESS_LOG_PROPERTY: &[u8] = b"sightline_log";

/// A property that is a size; 0 where it is none.
fn byte_count(path: &[u8]) -> u64 {
    let count = host::property_number(path);
    count
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or_default()
}

/// Address and port of the caller.
#[cfg(not(feature = "nginx"))]
fn source_address() -> Vec<u8> {
    host::property(b"source\0address").unwrap_or_default()
}

/// Address and port of the caller, which nginx tells one by one.
#[cfg(feature = "nginx")]
fn source_address() -> Vec<u8> {
    let address = host::property(b"source\0address").unwrap_or_default();
    let port = host::property(b"source\0port").unwrap_or_default();
    if address.contains(&b':') {
        [b"[", &address[..], b"]:", &port].concat()
    } else {
        [&address[..], b":", &port].concat()
    }
}

/// The request that the host speaks of at its end.
struct EndOfStream;

impl StreamInfo for EndOfStream {
    fn status(&mut self) -> Option<u16> {
        let code = host::property_number(b"response\0code");
        code.and_then(|code| u16::try_from(code).ok())
            .filter(|code| *code != 0)
    }

    fn duration_nanos(&mut self) -> Option<u64> {
        // A negative one, of a clock that jumped, is none.
        let nanos = host::property_number(b"request\0duration")?;
        u64::try_from(nanos).ok()
    }

    fn response_flags(&mut self) -> u64 {
        let flags = host::property_number(b"response\0flags");
        flags.unwrap_or_default().cast_unsigned()
    }

    fn request_bytes(&mut self) -> u64 {
        // What the request announces; what came of it may be less, and is
        // known together with the headers' size.
        let announced = byte_count(b"request\0size");
        match announced {
            0 => 0,
            announced => announced.min(byte_count(b"request\0total_size")),
        }
    }

    fn response_bytes(&mut self) -> u64 {
        byte_count(b"response\0size")
    }

    fn response_header(&mut self, name: &str) -> Option<Vec<u8>> {
        host::header(Map::Response, name.as_bytes())
    }

    fn route_name(&mut self) -> Vec<u8> {
        route_name()
    }

    fn protocol(&mut self) -> Vec<u8> {
        host::property(b"request\0protocol").unwrap_or_default()
    }

    fn request_headers(&mut self) -> Vec<u8> {
        host::headers(Map::Request).unwrap_or_default()
    }

    fn now_unix_nanos(&mut self) -> u64 {
        clock::unix_nanos()
    }

    fn source_address(&mut self) -> Vec<u8> {
        source_address()
    }

    #[cfg(not(feature = "stream-properties"))]
    fn log_line(&mut self, _: &str) {}

    #[cfg(feature = "stream-properties")]
    fn log_line(&mut self, line: &str) {
        host::set_property(ACCESS_LOG_PROPERTY, line.as_bytes());
    }
}
