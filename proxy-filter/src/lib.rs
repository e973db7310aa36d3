//! A proxy-wasm filter that sees every request at the edge: request ids, trace
//! context, RED metrics and server spans.
//!
//! Everything but the `abi` module is pure and builds natively: what comes in
//! are arguments, what shall happen are return values. Nothing in here may
//! panic, whatever a peer sends.

pub mod config;
