//! The filter in a real Envoy, with a real collector and Prometheus behind it.

mod configuration;
mod envoy_stats;
mod failures;
mod imports;
mod logs;
mod metrics;
mod poison;
mod propagation;
mod request_id;
mod routes;
mod sampling;
mod setup;
mod spans;
mod temporality;
mod trace_context;
mod trust;
mod w3c_suite;
