//! Random bytes from the host, fetched in blocks so that a request seldom pays
//! for it.

use std::cell::RefCell;

const BLOCK: usize = 1024;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn random_get(buffer: *mut u8, size: usize) -> u32;
}

struct Block {
    bytes: [u8; BLOCK],
    used: usize,
}

thread_local! {
    static FETCHED: RefCell<Block> = const { RefCell::new(Block { bytes: [0; BLOCK], used: BLOCK }) };
}

/// Fills a small buffer. A host that gives no random bytes leaves it to the
/// clock, which makes ids that differ but can be guessed.
pub fn fill(buffer: &mut [u8]) {
    FETCHED.with(|block| {
        if let Ok(mut block) = block.try_borrow_mut() {
            block.fill(buffer);
        }
    });
}

impl Block {
    fn fill(&mut self, buffer: &mut [u8]) {
        if self.used.saturating_add(buffer.len()) > BLOCK {
            self.fetch();
        }
        let fresh = self.bytes.iter_mut().skip(self.used);
        for (to, byte) in buffer.iter_mut().zip(fresh) {
            // Nothing is used twice, or found in memory afterwards.
            *to = core::mem::take(byte);
        }
        self.used = self.used.saturating_add(buffer.len());
    }

    fn fetch(&mut self) {
        self.used = 0;
        // SAFETY: the host writes as many bytes as there is room for.
        if unsafe { random_get(self.bytes.as_mut_ptr(), BLOCK) } != 0 {
            let mut state = super::clock::unix_nanos();
            for byte in &mut self.bytes {
                // SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                *byte = (mixed >> 56) as u8;
            }
        }
    }
}
