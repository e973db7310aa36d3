//! The filter in one worker: its configurations, its services and the requests
//! under way. It decides everything and touches no host: headers, clocks,
//! random bytes and the proxy's shared data come in as arguments.

mod calls;
mod end;
mod ingested;
mod proxy;

pub use calls::Tick;
pub use end::StreamInfo;
pub use proxy::Proxy;

use crate::access_log::peer_key;
use crate::config::{PeerForm, Settings};
use crate::envoy_stats::Increment;
use crate::families::{Naming, families};
use crate::header_map::HeaderMap;
use crate::health::{Digest, Endpoint, Reply};
use crate::ingest;
use crate::now::Now;
use crate::open_metrics::{self, Form};
use crate::outcome::Finished;
use crate::publishing;
use crate::record::WorkerId;
use crate::sample_limit;
use crate::service::Service;
use crate::session::{self, Class, Effect, Entropy, Head, Session};
use crate::shared_data::SharedData;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The longest time between two publishings, in milliseconds.
const MAX_TICK_MILLIS: u64 = 1000;

/// Everything that a worker's filter knows.
#[derive(Debug, Default)]
pub struct Plugin {
    /// Zero until the first random bytes were at hand.
    worker: WorkerId,
    roots: BTreeMap<u32, Root>,
    services: Vec<Service>,
    streams: BTreeMap<u32, Stream>,
}

/// A configuration in use.
#[derive(Clone, Debug)]
struct Root {
    /// The proxy's number for its context.
    id: u32,
    settings: Rc<Settings>,
    /// Position of its service.
    service: usize,
    /// Between two ticks.
    tick_millis: u64,
}

/// A request.
#[derive(Debug)]
struct Stream {
    root: Root,
    state: State,
    /// Whether it can have had a body: else nobody asks for its size.
    has_body: bool,
}

#[derive(Debug)]
enum State {
    /// Its headers have not been seen.
    Unseen,
    /// It is being traced; it counts as this series.
    Open(Box<Session>, usize),
    /// It carries telemetry of a page of this origin, which is not the
    /// listener's own.
    Ingested(Box<[u8]>),
    /// It is nobody's business, or it has ended.
    Untouched,
}

/// What becomes of a request whose headers have been seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on.
    Continue,
    /// The filter answers with its metrics page.
    AnswerWithPage(Form),
    /// The filter answers.
    Answer(ingest::Answer),
    /// The filter answers what it knows of the proxy's health.
    AnswerWithHealth(Endpoint),
}

impl Plugin {
    /// Takes a configuration for a context, or says in one line what is wrong
    /// with it. Gives the time between two ticks in milliseconds.
    pub fn configure(
        &mut self,
        root: u32,
        document: &[u8],
        now: Now,
        shared: &mut impl SharedData,
        entropy: Entropy<'_>,
    ) -> Result<u64, String> {
        let settings = Settings::from_document(document).map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            let count = problems.len();
            format!(
                "configuration refused, {count} problem(s): {}",
                problems.join("; ")
            )
        })?;
        let settings = Rc::new(settings);
        let fresh = Service::new(&settings);
        publishing::ensure(shared, &fresh.key, now, random(entropy));
        if settings.sampling.every_nanos.is_some() {
            sample_limit::ensure(shared, &fresh.key);
        }
        let known = self
            .services
            .iter()
            .position(|known| known.key == fresh.key);
        let service = known.unwrap_or(self.services.len());
        if known.is_none() {
            self.services.push(fresh);
        }
        self.leave(root, service, now, shared, entropy);
        if let Some(entered) = self.services.get_mut(service) {
            if settings.logs.peer == PeerForm::Hash {
                entered.peer_key = peer_key(shared, random(entropy));
            }
            ingested::prepare(entered, &settings, shared, entropy);
            entered.enter(root, Rc::clone(&settings), now);
        }
        let tick = tick_millis(&settings);
        // Workers start together; with periods of their own they drift apart
        // and do not all write at the same time.
        let spread = u64::from_le_bytes(random(entropy));
        let spread = spread.checked_rem(tick / 4).unwrap_or_default();
        let tick_millis = tick.saturating_sub(spread);
        let root_of = Root {
            id: root,
            settings,
            service,
            tick_millis,
        };
        self.roots.insert(root, root_of);
        Ok(tick_millis)
    }

    /// A context is created for a request.
    pub fn create_stream(&mut self, stream: u32, root: u32) {
        let Some(root) = self.roots.get(&root).cloned() else {
            return;
        };
        let state = State::Unseen;
        let before = self.streams.insert(
            stream,
            Stream {
                root,
                state,
                has_body: true,
            },
        );
        // A host that gives a number twice has forgotten to end the first.
        if let Some(Stream {
            root,
            state: State::Open(_, series),
            ..
        }) = before
            && let Some(service) = self.services.get_mut(root.service)
        {
            service.red.end(series, &Finished::default());
        }
    }

    /// The request headers are there.
    pub fn request(
        &mut self,
        stream: u32,
        headers: &[u8],
        proxy: Proxy<'_>,
        emit: &mut dyn FnMut(Effect<'_>),
    ) -> Decision {
        let Some(stream) = self.streams.get_mut(&stream) else {
            return Decision::Continue;
        };
        if !matches!(stream.state, State::Unseen) {
            return Decision::Continue;
        }
        stream.has_body = proxy.has_body;
        let settings = &stream.root.settings;
        let headers = HeaderMap::new(headers);
        let head = Head::read(headers, &settings.request_id_header);
        match session::classify(settings, &head) {
            Class::Excluded => {
                stream.state = State::Untouched;
                Decision::Continue
            }
            Class::MetricsPage => {
                stream.state = State::Untouched;
                let accept = headers.lines().find(|(name, _)| *name == b"accept");
                Decision::AnswerWithPage(Form::asked_for(accept.unwrap_or_default().1))
            }
            Class::Ingest => {
                let service = self.services.get_mut(stream.root.service);
                let (state, decision) = ingested::take(settings, service, headers, proxy, emit);
                stream.state = state;
                decision
            }
            Class::Health(endpoint) => {
                stream.state = State::Untouched;
                Decision::AnswerWithHealth(endpoint)
            }
            Class::Traced => {
                if let Some(service) = self.services.get_mut(stream.root.service) {
                    let (limit, key) = (&mut service.sample_limit, &service.key);
                    let now = proxy.now_unix_nanos;
                    let mut may_sample = |every| limit.allows(proxy.shared, key, every, now);
                    let session = Session::begin(
                        settings,
                        &head,
                        now,
                        &mut may_sample,
                        proxy.source_address,
                        proxy.entropy,
                        emit,
                    );
                    let route = session::route_of(settings, head.path, proxy.route_name);
                    let series = service.red.series_of(head.method, &route, &settings.limits);
                    service.red.begin(series);
                    stream.state = State::Open(Box::new(session), series);
                }
                Decision::Continue
            }
        }
    }

    /// The response headers are there.
    pub fn response(&self, stream: u32, emit: &mut dyn FnMut(Effect<'_>)) {
        let Some(stream) = self.streams.get(&stream) else {
            return;
        };
        match &stream.state {
            State::Open(session, _) => session.respond(&stream.root.settings, emit),
            State::Ingested(origin) => ingest::respond(origin, emit),
            State::Unseen | State::Untouched => {}
        }
    }

    /// A context is deleted. A request that was never said to have ended has
    /// ended now. The last context of a service publishes what is left.
    pub fn delete(
        &mut self,
        context: u32,
        info: &mut impl StreamInfo,
        now: impl FnOnce() -> Now,
        shared: &mut impl SharedData,
        entropy: Entropy<'_>,
    ) {
        if let Some(stream) = self.streams.get(&context) {
            if matches!(stream.state, State::Open(..)) {
                self.end(context, info);
            }
            self.streams.remove(&context);
        } else if self.roots.contains_key(&context) {
            self.leave(context, usize::MAX, now(), shared, entropy);
            self.roots.remove(&context);
        }
    }

    /// A context's service changes to another, or to none.
    fn leave(
        &mut self,
        root: u32,
        to: usize,
        now: Now,
        shared: &mut impl SharedData,
        entropy: Entropy<'_>,
    ) {
        let Some(from) = self.roots.get(&root).map(|root| root.service) else {
            return;
        };
        let Some(service) = self.services.get_mut(from).filter(|_| from != to) else {
            return;
        };
        if service.leave(root) {
            service.drop_queues();
            let worker = self.worker_id(entropy);
            if let Some(service) = self.services.get_mut(from) {
                publishing::publish(shared, service, worker, now, random(entropy), true);
            }
        }
    }

    /// What to add to the proxy's own statistics since the last time.
    pub fn take_stats(&mut self) -> Vec<Increment> {
        let services = self.services.iter_mut();
        services.flat_map(Service::take_stats).collect()
    }

    /// The metrics page that a request asked for. It shows what is published,
    /// this worker's part included, so that no scrape ever sees less than one
    /// before, whichever worker answers.
    pub fn page(
        &mut self,
        stream: u32,
        form: Form,
        now: Now,
        shared: &mut impl SharedData,
        entropy: Entropy<'_>,
    ) -> Option<String> {
        let worker = self.worker_id(entropy);
        let service = self.streams.get(&stream)?.root.service;
        let service = self.services.get_mut(service)?;
        let record = publishing::publish(shared, service, worker, now, random(entropy), false);
        let record = record.or_else(|| publishing::read(shared, &service.key))?;
        let families = families(&record, Naming::Prometheus, now);
        Some(open_metrics::page(&families, form))
    }

    /// What a request for the proxy's health is answered: what was found before,
    /// the same in all workers.
    pub fn health(
        &self,
        stream: u32,
        endpoint: Endpoint,
        now: Now,
        shared: &mut impl SharedData,
    ) -> Option<Reply> {
        let root = &self.streams.get(&stream)?.root;
        let health = root.settings.health.as_ref()?;
        let service = self.services.get(root.service)?;
        let digest = Digest::read(shared, &service.key);
        Some(endpoint.reply(health, digest.as_ref(), now.monotonic_nanos))
    }

    fn service_of(&mut self, root: u32) -> Option<&mut Service> {
        let service = self.roots.get(&root)?.service;
        self.services.get_mut(service)
    }

    fn worker_id(&mut self, entropy: Entropy<'_>) -> WorkerId {
        if self.worker == 0 {
            self.worker = u64::from_le_bytes(random(entropy)).max(1);
        }
        self.worker
    }
}

/// As often as anything is due, and at least once a second.
fn tick_millis(settings: &Settings) -> u64 {
    let export = settings.export.as_ref().map(|it| it.interval_millis);
    let health = settings.health.as_ref().map(|it| it.interval_millis);
    let least = export.into_iter().chain(health).min();
    least.unwrap_or(MAX_TICK_MILLIS).min(MAX_TICK_MILLIS)
}

fn random<const N: usize>(entropy: Entropy<'_>) -> [u8; N] {
    let mut bytes = [0; N];
    entropy(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
