//! What a worker does with telemetry of a page: passes it on, or answers. It is
//! nobody's request: it has no id, no trace, no line, and counts on its own.

use super::{Decision, Proxy, State, random};
use crate::access_log::peer_key;
use crate::config::Settings;
use crate::header_map::HeaderMap;
use crate::ingest::{self, Head, Verdict, client_limit};
use crate::service::Service;
use crate::session::{Effect, Entropy};
use crate::shared_data::SharedData;

/// A configuration is there: makes what all workers share for it.
pub fn prepare(
    service: &mut Service,
    settings: &Settings,
    shared: &mut impl SharedData,
    entropy: Entropy<'_>,
) {
    if settings.ingest.is_some() {
        service.client_limit.key = peer_key(shared, random(entropy));
        client_limit::ensure(shared, &service.key);
    }
}

/// Takes up such a request.
pub fn take(
    settings: &Settings,
    service: Option<&mut Service>,
    headers: HeaderMap<'_>,
    proxy: Proxy<'_>,
    emit: &mut dyn FnMut(Effect<'_>),
) -> (State, Decision) {
    let (Some(ingest), Some(service)) = (&settings.ingest, service) else {
        return (State::Untouched, Decision::Continue);
    };
    let (mut verdict, origin) = Head::read(headers).check(ingest);
    let mut wait_nanos = 0;
    // Only what would pass takes something of what its client may send: a page
    // of somebody else can't use it up.
    if verdict == Verdict::Accepted {
        let client = settings
            .trusted
            .address_from
            .read(&(proxy.source_address)());
        let (limit, key, now) = (
            &mut service.client_limit,
            &service.key,
            proxy.now_unix_nanos,
        );
        if let Err(wait) = limit.take(proxy.shared, key, client, ingest.rate, now) {
            (verdict, wait_nanos) = (Verdict::RateLimited, wait);
        }
    }
    service.ingested(verdict);
    if let Some(answer) = verdict.answer(origin, wait_nanos) {
        return (State::Untouched, Decision::Answer(answer));
    }
    ingest::strip(headers, emit);
    let state = origin.map_or(State::Untouched, |origin| State::Ingested(origin.into()));
    (state, Decision::Continue)
}
