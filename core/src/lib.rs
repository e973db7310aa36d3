//! Rules that the edge filter and the browser SDK share, so that both say the
//! same of the same request: ids, trace context, route templates, sampling,
//! redaction, histogram bounds, the OTLP encoding and every shared name.
//!
//! Pure: no host, no clock, no entropy, no global state. Time comes in as
//! nanoseconds since the Unix epoch, entropy as random bytes. `no_std` with
//! `alloc`, and free of `core::fmt` where the browser engine needs it, because
//! its bytes are counted.
#![no_std]

extern crate alloc;

pub mod append;
pub mod b3;
pub mod baggage;
pub mod client_address;
pub mod dashboard;
pub mod date_time;
pub mod fingerprint;
pub mod histogram;
pub mod id;
pub mod json;
pub mod metric;
pub mod names;
pub mod ot_member;
pub mod otlp;
pub mod rate_limit;
pub mod redact;
pub mod request_id;
pub mod route;
pub mod sampling;
pub mod search;
pub mod stack;
pub mod trace_context;
pub mod tracestate;
pub mod url;
pub mod user_agent;
pub mod web_vital;
