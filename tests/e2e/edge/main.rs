//! The filter in a real Envoy, with a real collector and Prometheus behind it.

mod configuration;
mod envoy_stats;
mod failures;
mod imports;
mod metrics;
mod poison;
mod propagation;
mod routes;
mod sampling;
mod setup;
mod spans;
mod trace_context;
mod trust;
