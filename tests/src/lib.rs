//! Sightline's stack on loopback: starts the real Envoy, collector,
//! Prometheus, example shop and Chromium, and reads what they saw. The tests
//! in `e2e/` and `cargo xtask demo` stand on it.
//!
//! It installs nothing: where the parts lie comes from the environment
//! ([`parts`]), which `cargo xtask` fills.

pub mod alertmanager;
pub mod blackbox;
pub mod collector;
mod connections;
pub mod envoy;
pub mod golive;
pub mod grafana;
pub mod h2;
pub mod http;
pub mod http_server;
pub mod line;
pub mod node_exporter;
pub mod open_metrics;
pub mod otlp;
pub mod otlp_json;
pub mod parts;
pub mod process;
pub mod prometheus;
pub mod red;
pub mod scripted_upstream;
pub mod shop;
pub mod test_alert;
pub mod upstream;
pub mod w3c_suite;
pub mod webhook;
