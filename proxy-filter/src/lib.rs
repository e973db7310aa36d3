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
pub mod access_log;
pub mod business_counter;
pub mod call;
pub mod config;
pub mod envoy_stats;
pub mod exemplar;
pub mod exported;
pub mod exporter;
pub mod families;
pub mod finished_span;
pub mod governor;
pub mod header_map;
pub mod health;
pub mod ingest;
pub mod leb128;
pub mod ledger;
pub mod metrics_export;
pub mod now;
pub mod open_metrics;
pub mod outcome;
pub mod peer;
pub mod plugin;
pub mod publishing;
pub mod queue;
pub mod record;
pub mod red;
pub mod resource;
pub mod response_flags;
pub mod route_tree;
pub mod sample_limit;
pub mod sampling;
pub mod service;
pub mod session;
pub mod shared_data;
pub mod signal;
pub mod texts;

#[cfg(test)]
mod tests {
    /// What the sources declare is what `imports/envoy.txt` says; every declaration
    /// is used, or the compiler would warn.
    #[test]
    fn the_list_of_imports_is_kept() {
        let sources = [
            include_str!("abi/clock.rs"),
            include_str!("abi/entropy.rs"),
            include_str!("abi/host.rs"),
        ];
        let mut declared = Vec::new();
        for source in sources {
            let (_, rest) = source.split_once("wasm_import_module = \"").unwrap();
            let (module, rest) = rest.split_once('"').unwrap();
            let (block, _) = rest.split_once("\n}").unwrap();
            let functions = block
                .lines()
                .filter_map(|line| line.strip_prefix("    fn "));
            declared.extend(functions.map(|line| {
                let name = line.split('(').next().unwrap();
                format!("{module} {name}\n")
            }));
        }
        declared.sort();
        assert_eq!(declared.concat(), include_str!("../imports/envoy.txt"));
    }
}
