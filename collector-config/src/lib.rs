//! Prometheus rules and dashboards: objectives become rules, rules are scaled for
//! drills and checked for the mistakes that promtool lets pass, and dashboards are
//! written for Grafana. Reads and returns text; files are the callers' business.

pub mod burn_rate;
pub mod check;
pub mod dashboard;
pub mod duration;
pub mod known;
pub mod links;
pub mod objective;
pub mod objective_rules;
pub mod objective_tests;
pub mod rule_file;
pub mod scale;
pub mod severity;
