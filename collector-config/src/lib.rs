//! Prometheus rules: objectives become rules, rules are scaled for drills, and
//! rules are checked for the mistakes that promtool lets pass. Reads and returns
//! text; files are the callers' business.

pub mod burn_rate;
pub mod check;
pub mod duration;
pub mod known;
pub mod links;
pub mod objective;
pub mod objective_rules;
pub mod objective_tests;
pub mod rule_file;
pub mod scale;
