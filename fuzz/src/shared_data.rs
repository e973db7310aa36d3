//! The proxy's shared data in memory.

use sightline_filter::shared_data::{NotWritten, SharedData};
use std::collections::HashMap;

/// Envoy's shared data, which now and then fails.
#[derive(Default)]
pub struct Shared {
    pub values: HashMap<String, (Vec<u8>, u32)>,
    last: u32,
    /// Calls that fail, as bits of their count.
    pub fails: u64,
    calls: u32,
}

impl Shared {
    fn fails_now(&mut self) -> bool {
        self.calls = self.calls.wrapping_add(1);
        self.fails >> (self.calls % 64) & 1 != 0
    }
}

impl SharedData for Shared {
    fn get(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        if self.fails_now() {
            return None;
        }
        self.values.get(key).cloned()
    }

    fn set(&mut self, key: &str, value: &[u8], number: u32) -> Result<(), NotWritten> {
        let known = self.values.get(key).map(|(_, number)| *number);
        if self.fails_now() || known.is_some_and(|known| number != 0 && number != known) {
            return Err(NotWritten);
        }
        self.last = self.last.wrapping_add(1).max(1);
        self.values
            .insert(key.to_owned(), (value.to_vec(), self.last));
        Ok(())
    }
}
