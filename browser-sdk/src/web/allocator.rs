//! The heap of the engine: free lists by size, a power of two each, over memory
//! that only grows. A block is reused for its size and never joined or split;
//! for a few short-lived records and texts that wastes less than the code of a
//! better allocator takes (500 bytes against 6,400 of dlmalloc). Where there is
//! no more memory it traps, so that no code for reporting it is linked.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, unreachable};
use core::cell::UnsafeCell;
use core::ptr::NonNull;

const PAGE: usize = 65536;
/// The smallest block holds a link and keeps everything aligned to 16 bytes.
const SMALLEST: usize = 16;

/// The free blocks of each size, each the address of the next, and the memory
/// that no block was made of yet.
pub struct Blocks(UnsafeCell<State>);

struct State {
    free: [Option<NonNull<u8>>; usize::BITS as usize],
    unused: usize,
    end: usize,
}

impl Blocks {
    /// An empty heap.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(State {
            free: [None; usize::BITS as usize],
            unused: 0,
            end: 0,
        }))
    }
}

// SAFETY: a page's engine has one thread; it is built without shared memory.
unsafe impl Sync for Blocks {}

fn block_size(layout: Layout) -> usize {
    // The smallest is aligned for everything.
    let wanted = layout.size().max(SMALLEST);
    // No layout is larger than half of the address space.
    wanted
        .wrapping_sub(1)
        .checked_ilog2()
        .map_or(1, |log| 2 << log)
}

impl Blocks {
    /// A block of this size. Not inlined, so that the compiler sees a function
    /// that never fails, and leaves out what callers would do if it did.
    #[inline(never)]
    fn take(&self, size: usize) -> NonNull<u8> {
        // SAFETY: see `Sync`; no reference outlives a call.
        let state = unsafe { &mut *self.0.get() };
        let Some(free) = state.free.get_mut(size.trailing_zeros() as usize) else {
            unreachable();
        };
        if let Some(block) = *free {
            // SAFETY: a free block starts with the address of the next.
            *free = unsafe { block.cast::<Option<NonNull<u8>>>().read() };
            return block;
        }
        if state.end.wrapping_sub(state.unused) < size {
            let pages = size.div_ceil(PAGE);
            let grown = memory_grow(0, pages);
            if grown == usize::MAX {
                unreachable();
            }
            let start = grown.wrapping_mul(PAGE);
            if start != state.end {
                state.unused = start;
            }
            state.end = start.wrapping_add(pages.wrapping_mul(PAGE));
        }
        let Some(block) = NonNull::new(state.unused as *mut u8) else {
            unreachable();
        };
        state.unused = state.unused.wrapping_add(size);
        block
    }
}

// SAFETY: a block is at least as large and as aligned as its layout asks: its
// size is a power of two above both, blocks of up to a page are cut from memory
// at multiples of 16, which is the largest alignment that anything here has. It
// is in one list or in use, never both.
unsafe impl GlobalAlloc for Blocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.take(block_size(layout)).as_ptr()
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: see `Sync`.
        let state = unsafe { &mut *self.0.get() };
        let list = block_size(layout).trailing_zeros();
        if let Some(free) = state.free.get_mut(list as usize) {
            // SAFETY: the block is no longer in use, and holds an address.
            unsafe { block.cast::<Option<NonNull<u8>>>().write(*free) };
            *free = NonNull::new(block);
        }
    }
}
