//! The host's own statistics. A name that is defined twice gets two numbers:
//! numbers are kept.

#[cfg(feature = "statistics")]
use super::host;
use crate::envoy_stats::Increment;
#[cfg(feature = "statistics")]
use std::cell::RefCell;
#[cfg(feature = "statistics")]
use std::collections::BTreeMap;

#[cfg(feature = "statistics")]
thread_local! {
    static NUMBERS: RefCell<BTreeMap<String, Option<u32>>> = RefCell::default();
}

/// None here: the configuration refuses to ask for any.
#[cfg(not(feature = "statistics"))]
pub fn add(_: Vec<Increment>) {}

/// Adds to each statistic.
#[cfg(feature = "statistics")]
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
