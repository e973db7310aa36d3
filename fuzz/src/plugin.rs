//! A worker that is called back in any order, with any headers, by a proxy
//! whose shared data may hold anything.

use crate::shared_data::Shared;
use arbitrary::{Arbitrary, Unstructured};
use sightline_filter::call::NotStarted;
use sightline_filter::exporter::Answer;
use sightline_filter::now::Now;
use sightline_filter::open_metrics::Form;
use sightline_filter::plugin::{Decision, Plugin, Proxy, StreamInfo};
use sightline_filter::shared_data::SharedData;

const ROOTS: [u32; 2] = [1, 2];
const STREAMS: u32 = 6;

const DOCUMENTS: [&str; 4] = [
    r#"{"service":{"name":"edge"},"routes":["/products/{id}"],"logs":{"access":"both","headers":["x-a"],"peer":"hash"},
        "trace":{"b3":"multi","max_per_second":5,"slow_ms":10,"routes":[{"route":"/a/*","sample_ratio":0.5}]},
        "metrics":{"path":"/metrics","envoy_stats":true,"max_series":20,"max_siblings":3,"expire_after_s":10,
        "counters":[{"name":"a_total","sum_header":"x-total"}]},
        "export":{"cluster":"c","interval_ms":1000,"temporality":"delta","max_queue_bytes":16384}}"#,
    r#"{"service":{"name":"edge"},"trace":{"untrusted":"restart_with_link","trusted":["10.0.0.0/8"]},
        "use_route_name":true,"request_id":{"keep":"any","format":"uuid_v7"},
        "export":{"cluster":"c","metric_names":"opentelemetry"}}"#,
    r#"{"service":{"name":"other"},"metrics":{"path":"/metrics"}}"#,
    r#"{"service":{"name":"edge"},"metrics":{"path":"/metrics"},
        "health":{"interval_ms":500,"probes":[{"cluster":"a"},{"cluster":"b","path":"/ready"}]},
        "ingest":{"path":"/t","origins":["https://a.example"],"per_client":{"requests_per_minute":60,"burst":2}},
        "export":{"cluster":"c","interval_ms":1000}}"#,
];

const NAMES: [&str; 20] = [
    ":method",
    ":path",
    ":authority",
    ":scheme",
    "x-request-id",
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "accept",
    "user-agent",
    "x-a",
    "cookie",
    "origin",
    "content-type",
    "content-length",
    "sec-fetch-site",
    "",
];

type Lines = Vec<(Vec<u8>, Vec<u8>)>;

/// What a proxy may do.
#[derive(Debug, Arbitrary)]
enum Step<'a> {
    Configure(bool, u8),
    ConfigureAny(bool, &'a [u8]),
    Create(u8, bool),
    Request(u8, Vec<(u8, &'a [u8])>),
    RawRequest(u8, &'a [u8]),
    Respond(u8),
    End(u8, Told<'a>),
    Delete(u8),
    DeleteRoot(bool),
    Tick(bool, u32),
    Answer {
        root: bool,
        token: u8,
        status: Option<u16>,
        retry_after: Option<u64>,
        rejected: u64,
    },
    Page(u8),
    /// Something else writes there.
    Tamper(u8, &'a [u8]),
    Jump(i64),
    Fails(u64),
}

/// What is told of a request at its end.
#[derive(Debug, Default, Clone, Arbitrary)]
struct Told<'a> {
    status: Option<u16>,
    duration: Option<u64>,
    flags: u64,
    sizes: [u64; 2],
    header: Option<&'a [u8]>,
    text: &'a [u8],
    headers: &'a [u8],
    now: u64,
}

struct Info<'a>(Told<'a>);

impl StreamInfo for Info<'_> {
    fn status(&mut self) -> Option<u16> {
        self.0.status
    }
    fn duration_nanos(&mut self) -> Option<u64> {
        self.0.duration
    }
    fn response_flags(&mut self) -> u64 {
        self.0.flags
    }
    fn request_bytes(&mut self) -> u64 {
        self.0.sizes[0]
    }
    fn response_bytes(&mut self) -> u64 {
        self.0.sizes[1]
    }
    fn response_header(&mut self, _: &str) -> Option<Vec<u8>> {
        self.0.header.map(<[u8]>::to_vec)
    }
    fn route_name(&mut self) -> Vec<u8> {
        self.0.text.to_vec()
    }
    fn protocol(&mut self) -> Vec<u8> {
        self.0.text.to_vec()
    }
    fn request_headers(&mut self) -> Vec<u8> {
        self.0.headers.to_vec()
    }
    fn now_unix_nanos(&mut self) -> u64 {
        self.0.now
    }
    fn source_address(&mut self) -> Vec<u8> {
        self.0.text.to_vec()
    }
    fn log_line(&mut self, line: &str) {
        assert_eq!(
            line.matches('\n').count(),
            usize::from(line.ends_with('\n')),
            "one line: {line:?}"
        );
        let read: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(read.is_ok(), "no JSON: {line}");
    }
}

pub struct Worker {
    plugin: Plugin,
    shared: Shared,
    now: Now,
    random: u64,
    token: u32,
}

/// A worker with everything on.
pub fn configured(shared: Shared) -> Worker {
    let now = Now {
        unix_nanos: 1_700_000_000_000_000_000,
        monotonic_nanos: 1_000_000_000,
    };
    let mut worker = Worker {
        plugin: Plugin::default(),
        shared,
        now,
        random: 1,
        token: 0,
    };
    worker
        .configure(ROOTS[0], DOCUMENTS[0].as_bytes())
        .expect("a good document");
    worker
}

fn fill(random: &mut u64, buffer: &mut [u8]) {
    for byte in buffer {
        *random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *byte = (*random >> 56) as u8;
    }
}

impl Worker {
    fn configure(&mut self, root: u32, document: &[u8]) -> Result<u64, String> {
        let random = &mut self.random;
        let shared = &mut self.shared;
        self.plugin
            .configure(root, document, self.now, shared, &mut |buffer| {
                fill(random, buffer)
            })
    }

    fn take_up(&mut self, stream: u32, bytes: &[u8]) {
        let random = &mut self.random;
        let address = || b"10.1.2.3:4567".to_vec();
        let proxy = Proxy {
            now_unix_nanos: self.now.unix_nanos,
            has_body: stream.is_multiple_of(2),
            shared: &mut self.shared,
            source_address: &mut { address },
            route_name: &mut Vec::new,
            entropy: &mut |buffer| fill(random, buffer),
        };
        let decision = self.plugin.request(stream, bytes, proxy, &mut |_| {});
        match decision {
            Decision::Continue => {}
            Decision::AnswerWithPage(form) => self.page(stream, form),
            Decision::AnswerWithHealth(endpoint) => {
                let reply = self
                    .plugin
                    .health(stream, endpoint, self.now, &mut self.shared);
                assert!(reply.is_none_or(|reply| matches!(reply.status, 200 | 503)));
            }
            Decision::Answer(answer) => assert!((200..500).contains(&answer.status)),
        }
    }

    pub fn request(&mut self, stream: u32, lines: &[(Vec<u8>, Vec<u8>)]) {
        self.plugin.create_stream(stream, ROOTS[0]);
        self.take_up(stream, &serialize(lines));
    }

    pub fn end(&mut self, stream: u32) {
        let told = Told {
            status: Some(200),
            duration: Some(1_000_000),
            ..Told::default()
        };
        self.plugin.end(stream, &mut Info(told));
        self.delete(stream);
    }

    fn delete(&mut self, context: u32) {
        let (now, random) = (self.now, &mut self.random);
        let mut info = Info(Told::default());
        let entropy = &mut |buffer: &mut [u8]| fill(random, buffer);
        self.plugin
            .delete(context, &mut info, || now, &mut self.shared, entropy);
        let _ = self.plugin.take_stats();
    }

    fn page(&mut self, stream: u32, form: Form) {
        let random = &mut self.random;
        let page = self
            .plugin
            .page(stream, form, self.now, &mut self.shared, &mut |buffer| {
                fill(random, buffer)
            });
        if let Some(page) = page {
            assert!(page.ends_with('\n'));
        }
    }

    fn advance(&mut self, millis: u64) {
        let nanos = millis.saturating_mul(1_000_000);
        self.now.unix_nanos = self.now.unix_nanos.saturating_add(nanos);
        self.now.monotonic_nanos = self.now.monotonic_nanos.saturating_add(nanos);
    }

    fn tick_of(&mut self, root: u32) {
        let random = &mut self.random;
        let entropy = &mut |buffer: &mut [u8]| fill(random, buffer);
        let tick = self.plugin.tick(root, self.now, &mut self.shared, entropy);
        let next = self.plugin.next_calls(root, self.now);
        for call in tick.calls.into_iter().chain(next) {
            self.token = self.token.wrapping_add(1);
            let token = match self.token % 5 {
                0 => Err(NotStarted::NoCluster),
                _ => Ok(self.token % 8),
            };
            let change = self.plugin.called(root, &call, token, self.now, entropy);
            let _ = change.map(|change| change.message());
        }
        let _ = self.plugin.take_stats();
    }

    /// What stands in shared data.
    pub fn records(&self) -> Vec<Vec<u8>> {
        self.shared
            .values
            .values()
            .map(|(value, _)| value.clone())
            .collect()
    }

    pub fn tick(&mut self, after_millis: u64) {
        self.advance(after_millis);
        self.tick_of(ROOTS[0]);
    }

    fn run(&mut self, step: Step<'_>) {
        let stream = |number: u8| 10 + u32::from(number) % STREAMS;
        let root = |second: bool| ROOTS[usize::from(second)];
        match step {
            Step::Configure(second, number) => {
                let document = DOCUMENTS[usize::from(number) % DOCUMENTS.len()];
                let taken = self.configure(root(second), document.as_bytes());
                assert!(taken.is_ok(), "{taken:?}");
            }
            Step::ConfigureAny(second, document) => {
                let _ = self.configure(root(second), document);
            }
            Step::Create(number, second) => self.plugin.create_stream(stream(number), root(second)),
            Step::Request(number, lines) => {
                let lines = lines.into_iter().map(|(name, value)| {
                    let name = NAMES[usize::from(name) % NAMES.len()];
                    (name.as_bytes().to_vec(), value.to_vec())
                });
                let bytes = serialize(&lines.collect::<Lines>());
                self.take_up(stream(number), &bytes);
            }
            Step::RawRequest(number, bytes) => self.take_up(stream(number), bytes),
            Step::Respond(number) => self.plugin.response(stream(number), &mut |_| {}),
            Step::End(number, told) => {
                self.plugin.end(stream(number), &mut Info(told));
            }
            Step::Delete(number) => self.delete(stream(number)),
            Step::DeleteRoot(second) => self.delete(root(second)),
            Step::Tick(second, millis) => {
                self.advance(u64::from(millis));
                self.tick_of(root(second));
            }
            Step::Answer {
                root: second,
                token,
                status,
                retry_after,
                rejected,
            } => {
                let mut answer = Answer::default();
                answer.status = status;
                answer.retry_after_seconds = retry_after;
                answer.rejected = rejected;
                let random = &mut self.random;
                let change = self.plugin.answered(
                    root(second),
                    u32::from(token % 8),
                    &answer,
                    self.now,
                    &mut self.shared,
                    &mut |buffer| fill(random, buffer),
                );
                let _ = change.map(|change| change.message());
            }
            Step::Page(number) => self.page(stream(number), Form::OpenMetrics),
            Step::Tamper(which, bytes) => {
                let mut keys: Vec<_> = self.shared.values.keys().cloned().collect();
                keys.sort();
                if let Some(key) = keys.get(usize::from(which) % keys.len().max(1)) {
                    let _ = self.shared.set(key, bytes, 0);
                }
            }
            Step::Jump(nanos) => {
                self.now.unix_nanos = self.now.unix_nanos.wrapping_add_signed(nanos);
            }
            Step::Fails(bits) => self.shared.fails = bits,
        }
    }
}

fn serialize(lines: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let size = |text: &[u8]| u32::try_from(text.len()).unwrap_or_default().to_le_bytes();
    let mut bytes = u32::try_from(lines.len())
        .unwrap_or_default()
        .to_le_bytes()
        .to_vec();
    for (name, value) in lines {
        bytes.extend(size(name));
        bytes.extend(size(value));
    }
    for text in lines.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text);
        bytes.push(0);
    }
    bytes
}

pub fn plugin(bytes: &[u8]) {
    let mut unstructured = Unstructured::new(bytes);
    let mut worker = configured(Shared::default());
    for _ in 0..200 {
        if unstructured.is_empty() {
            break;
        }
        match Step::arbitrary(&mut unstructured) {
            Ok(step) => worker.run(step),
            Err(_) => break,
        }
    }
    for stream in 10..10 + STREAMS {
        worker.delete(stream);
    }
    for root in ROOTS {
        worker.delete(root);
    }
}
