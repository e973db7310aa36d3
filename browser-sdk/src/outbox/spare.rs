//! Spans of traces that are not sampled: the last ones wait for something to go
//! wrong.

use alloc::vec::Vec;

use super::add_item;

/// Bytes of the newest ones; as many of those before them wait, too.
const MAX_BYTES: usize = 12 * 1024;

/// Records as they are written, one after the other.
#[derive(Debug, Default)]
pub struct Items {
    /// They.
    pub bytes: Vec<u8>,
    /// How many they are.
    pub count: u32,
}

/// The newest spans, and those before them.
#[derive(Debug, Default)]
pub struct Spare {
    newer: Items,
    older: Items,
}

impl Spare {
    /// Takes in a span; the oldest ones may go.
    pub fn push(&mut self, span: &[u8]) {
        if span.len() > MAX_BYTES {
            return;
        }
        if self.newer.bytes.len().wrapping_add(span.len()) > MAX_BYTES {
            self.older = core::mem::take(&mut self.newer);
        }
        add_item(&mut self.newer.bytes, span);
        self.newer.count = self.newer.count.wrapping_add(1);
    }

    /// Takes out the oldest ones, if there are any.
    pub fn take(&mut self) -> Option<Items> {
        for items in [&mut self.older, &mut self.newer] {
            if items.count > 0 {
                return Some(core::mem::take(items));
            }
        }
        None
    }
}
