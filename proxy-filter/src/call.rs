//! A request of the filter's own: what is to be sent, whoever wants it sent,
//! and why one may not start.

use crate::config::Probe;
use crate::session::Entropy;
use crate::signal::ExportCall;
use sightline_core::id::{SpanId, TraceId};
use sightline_core::trace_context::{SpanContext, TraceFlags, Traceparent};
use std::rc::Rc;

/// A request to send.
#[derive(Debug)]
pub enum Call {
    /// Telemetry for a receiver.
    Export(ExportCall),
    /// A question for a dependency's health.
    Probe(Rc<Probe>),
}

/// What the proxy needs of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The proxy's cluster.
    pub cluster: &'a str,
    /// `:method`.
    pub method: &'static str,
    /// `:path`.
    pub path: &'a str,
    /// `:authority`.
    pub authority: &'a str,
    /// `content-type`; none without a body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: &'a [u8],
    /// Until the proxy gives up.
    pub timeout_millis: u32,
}

/// Why a call did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// The proxy has no such cluster, or can do nothing with the request.
    NoCluster,
    /// Anything else.
    Failed,
}

impl Call {
    /// What keeps a probe out of traces: a context that is not sampled, which
    /// whoever is asked goes on with.
    pub fn traceparent(&self, entropy: Entropy<'_>) -> Option<Traceparent> {
        let Self::Probe(_) = self else {
            return None;
        };
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        entropy(&mut trace);
        entropy(&mut span);
        let context = SpanContext {
            trace_id: TraceId::from_entropy(trace),
            span_id: SpanId::from_entropy(span),
            flags: TraceFlags::RANDOM,
        };
        Some(context.to_traceparent())
    }

    /// The request; none where there is nowhere to send it to.
    pub fn request(&self) -> Option<Request<'_>> {
        match self {
            Self::Export(call) => {
                let export = call.to.export.as_ref()?;
                Some(Request {
                    cluster: &export.cluster,
                    method: "POST",
                    path: call.path(export),
                    authority: &export.authority,
                    content_type: Some("application/x-protobuf"),
                    body: &call.body,
                    timeout_millis: export.timeout_millis,
                })
            }
            Self::Probe(probe) => Some(Request {
                cluster: &probe.cluster,
                method: "GET",
                path: &probe.path,
                authority: &probe.authority,
                content_type: None,
                body: &[],
                timeout_millis: probe.timeout_millis,
            }),
        }
    }
}
