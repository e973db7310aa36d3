//! A proxy-wasm filter that sees every request at the edge: request ids, trace
//! context, RED metrics and server spans.
//!
//! Everything but the `abi` module is pure and builds natively: what comes in
//! are arguments, what shall happen are return values. Nothing in here may
//! panic, whatever a peer sends.

// Tests may add up; they run nowhere else.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

#[cfg(target_family = "wasm")]
mod abi;
pub mod config;
pub mod exporter;
pub mod finished_span;
pub mod header_map;
pub mod ledger;
pub mod metrics_export;
pub mod open_metrics;
pub mod plugin;
pub mod publishing;
pub mod record;
pub mod red;
pub mod resource;
pub mod service;
pub mod session;
pub mod span_queue;
