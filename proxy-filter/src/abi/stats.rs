//! The host's own statistics. A name that is defined twice gets two numbers:
//! numbers are kept.

use super::host;
use crate::envoy_stats::Increment;
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static NUMBERS: RefCell<BTreeMap<String, Option<u32>>> = RefCell::default();
}

/// Adds to each statistic.
pub fn add(increments: Vec<Increment>) {
    NUMBERS.with(|numbers| {
        let Ok(mut numbers) = numbers.try_borrow_mut() else {
            return;
        };
        for Increment { kind, name, more } in increments {
            let number = match numbers.get(&name) {
                Some(number) => *number,
                None => {
                    let number = host::define_metric(kind as u32, &name);
                    numbers.insert(name, number);
                    number
                }
            };
            if let Some(number) = number {
                host::increment_metric(number, more);
            }
        }
    });
}
