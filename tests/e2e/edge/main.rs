//! The filter in a real Envoy, with a real collector and Prometheus behind it.

mod capabilities;
mod configuration;
mod endings;
mod envoy_stats;
mod failures;
mod health;
mod imports;
mod ingest;
mod ledger;
mod logs;
mod metrics;
mod page;
mod poison;
mod propagation;
mod quantiles;
mod request_id;
mod routes;
mod sampling;
mod setup;
mod spans;
#[path = "../store.rs"]
mod store;
mod temporality;
mod token;
mod totals;
mod trace_context;
mod trust;
mod w3c_suite;
