//! A request's end: what the proxy is asked, and where it counts.

use super::{Plugin, State};
use crate::business_counter;
use crate::config::Settings;
use crate::exemplar::Exemplar;
use crate::families::Naming;
use crate::header_map::HeaderMap;
use crate::outcome::Finished;
use crate::red;
use crate::service::Service;
use crate::session::{self, Class, End, Head};

/// What the proxy knows of a request at its end. Asked only for what is needed.
pub trait StreamInfo {
    /// The status that was sent; none if no response was.
    fn status(&mut self) -> Option<u16>;
    /// The proxy's own measure of the duration.
    fn duration_nanos(&mut self) -> Option<u64>;
    /// What it says of the request, see [`crate::response_flags`].
    fn response_flags(&mut self) -> u64;
    /// Bytes of the request's body.
    fn request_bytes(&mut self) -> u64;
    /// Bytes of the response's body that were sent.
    fn response_bytes(&mut self) -> u64;
    /// A header of the response; none if it has none of that name.
    fn response_header(&mut self, name: &str) -> Option<Vec<u8>>;
    /// The name of the proxy's route; empty if there is none.
    fn route_name(&mut self) -> Vec<u8>;
    /// Such as `HTTP/1.1`.
    fn protocol(&mut self) -> Vec<u8>;
    /// The request headers in serialized form; empty if there are none.
    fn request_headers(&mut self) -> Vec<u8>;
    /// Nanoseconds since the Unix epoch.
    fn now_unix_nanos(&mut self) -> u64;
    /// The proxy's `source.address`; empty if there is none.
    fn source_address(&mut self) -> Vec<u8>;
    /// Hands a line to the proxy's own access log.
    fn log_line(&mut self, line: &str);
}

impl Plugin {
    /// The request has ended, however it did. Says whether so much waits now
    /// that the next tick should come soon.
    pub fn end(&mut self, stream: u32, info: &mut impl StreamInfo) -> bool {
        let Some(stream) = self.streams.get_mut(&stream) else {
            return false;
        };
        let Some(service) = self.services.get_mut(stream.root.service) else {
            return false;
        };
        let settings = &stream.root.settings;
        match core::mem::replace(&mut stream.state, State::Untouched) {
            State::Open(session, series) => {
                let start = Some(session.start_unix_nanos());
                let end = End::read(info, start, stream.has_body);
                let mut finished = Finished::of(&end);
                let mut protocol = None;
                if settings.naming == Naming::OpenTelemetry {
                    let version = protocol.insert(info.protocol());
                    finished.outcome = finished.outcome.over(session.scheme(), version);
                }
                let logged = session.log(settings, &end, series);
                service.record_access(logged, settings, info);
                let protocol = || protocol.unwrap_or_else(|| info.protocol());
                let span = session.end(settings, &end, series, protocol);
                finished.exemplar = span.as_ref().map(|span| Exemplar {
                    trace_id: span.context.trace_id,
                    span_id: span.context.span_id,
                    seconds: end.seconds(),
                    unix_nanos: span.end_unix_nanos(),
                });
                service.red.end(series, &finished);
                count_business(settings, service, series, end.status, info);
                if let Some(span) = span {
                    service.record_span(&span, settings);
                }
            }
            // The proxy itself, or a filter before this one, has answered: it
            // counts, because whoever asked has waited and got this answer.
            // There is no span: it never took part in a trace.
            State::Unseen => {
                let headers = info.request_headers();
                let head = Head::read(HeaderMap::new(&headers), &settings.request_id_header);
                if session::classify(settings, &head) == Class::Traced {
                    let route = session::route_of(settings, head.path, &mut || info.route_name());
                    let series = service.red.series_of(head.method, &route, &settings.limits);
                    let end = End::read(info, None, true);
                    let mut finished = Finished::of(&end);
                    if settings.naming == Naming::OpenTelemetry {
                        let protocol = info.protocol();
                        finished.outcome = finished.outcome.over(head.scheme, &protocol);
                    }
                    service.red.count(series, &finished);
                    if settings.logs.is_on() {
                        let now = info.now_unix_nanos();
                        let logged = session::log_unseen(settings, &head, &end, series, now);
                        service.record_access(logged, settings, info);
                    }
                    count_business(settings, service, series, end.status, info);
                }
            }
            State::Untouched | State::Ingested(_) => return false,
        }
        service.asks_for_hurry(stream.root.id)
    }
}

impl End {
    /// Asks the proxy. Where it has no duration, the time since the start is it.
    fn read(info: &mut impl StreamInfo, start_unix_nanos: Option<u64>, has_body: bool) -> Self {
        let duration_nanos = info.duration_nanos().or_else(|| {
            let now = info.now_unix_nanos();
            Some(now.saturating_sub(start_unix_nanos?))
        });
        Self {
            status: info.status(),
            duration_nanos: duration_nanos.unwrap_or_default(),
            flags: info.response_flags(),
            request_bytes: match has_body {
                true => info.request_bytes(),
                false => 0,
            },
            response_bytes: info.response_bytes(),
        }
    }
}

impl Finished {
    fn of(end: &End) -> Self {
        Self {
            outcome: end.outcome(),
            duration_nanos: end.duration_nanos,
            request_bytes: end.request_bytes,
            response_bytes: end.response_bytes,
            exemplar: None,
        }
    }
}

/// Adds to the counters of the operator that take this request.
fn count_business(
    settings: &Settings,
    service: &mut Service,
    series: usize,
    status: Option<u16>,
    info: &mut impl StreamInfo,
) {
    for counter in &settings.counters {
        let Some(series) = service.red.get(series) else {
            return;
        };
        if !counter.takes(red::method_name(series.method), &series.route, status) {
            continue;
        }
        let amount = match &counter.sum_header {
            None => Some(1.0),
            Some(header) => {
                let value = info.response_header(header);
                value.and_then(|value| business_counter::amount(&value))
            }
        };
        match amount {
            Some(amount) => service.red.add_to_counter(&counter.name, amount),
            None => service.value_rejected(),
        }
    }
}
