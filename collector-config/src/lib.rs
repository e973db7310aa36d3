//! Prometheus rules: objectives become rules, rules are scaled for drills, and
//! rules are checked for the mistakes that promtool lets pass. Reads and returns
//! text; files are the callers' business.

pub mod check;
pub mod known;
pub mod rule_file;
