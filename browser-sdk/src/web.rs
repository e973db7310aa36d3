//! What JavaScript sees of the engine: the only code that knows wasm-bindgen,
//! and one narrow gate, because each further export costs glue on both sides.
//! Nothing throws; a trap would reach the caller, which then turns the SDK off.

use alloc::vec::Vec;
use core::cell::UnsafeCell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::input::{Input, Reader, call};
use crate::navigation::PHASES;
use crate::page::PageStart;
use crate::session::{self, Options, Session};

mod allocator;

#[global_allocator]
static ALLOCATOR: allocator::Blocks = allocator::Blocks::new();

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// The one session of the one page that this instance serves.
struct Page(UnsafeCell<Option<Session>>);

// SAFETY: a page's engine has one thread; it is built without shared memory.
unsafe impl Sync for Page {}

static PAGE: Page = Page(UnsafeCell::new(None));

/// An input of this kind (`input.rs`), or one of its calls. Numbers and texts
/// (UTF-8, NUL between) go in; what comes back, and whether anything does,
/// depends on the call.
#[wasm_bindgen]
pub fn engine(kind: u8, numbers: &[f64], texts: &[u8]) -> Vec<u8> {
    // SAFETY: `TextEncoder` makes valid UTF-8 of anything.
    let texts = unsafe { core::str::from_utf8_unchecked(texts) };
    // SAFETY: nothing below calls JavaScript, so no second call comes meanwhile.
    let page = unsafe { &mut *PAGE.0.get() };
    let mut from = Reader::new(numbers, texts);
    match (kind, page) {
        (call::CHECK_ROUTES, _) => return session::check_routes(texts).into_bytes(),
        (call::PHASES, _) => return phases(),
        (call::START, page) => *page = Some(start(&mut from)),
        (call::NEXT, Some(session)) => {
            return session.next_body(from.number(), from.number() != 0.0);
        }
        (call::SETTLED, Some(session)) => {
            session.on_settled(from.number() as u32, from.number() as u16, from.number());
        }
        (kind, Some(session)) => {
            if let Some(input) = Input::read(kind, numbers, texts) {
                session.on(input);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Bytes that wait for delivery.
#[wasm_bindgen]
pub fn waiting() -> u32 {
    // SAFETY: as above.
    let page = unsafe { &*PAGE.0.get() };
    page.as_ref()
        .map_or(0, |session| session.waiting_bytes() as u32)
}

fn start(from: &mut Reader<'_>) -> Session {
    let options = Options {
        origin_unix_ms: from.number(),
        sample_ratio: from.number(),
        service_name: from.text(),
        service_version: from.text(),
        environment: from.text(),
        routes: from.text(),
    };
    let mut start = PageStart {
        activation_ms: from.number(),
        hidden_ms: from.number(),
        url: from.text(),
        navigation_type: from.text(),
        traceparent: from.text(),
        entropy: [0; 32],
    };
    for byte in &mut start.entropy {
        *byte = from.number() as u8;
    }
    Session::new(&options, &start)
}

fn phases() -> Vec<u8> {
    let mut names = Vec::new();
    for name in PHASES {
        names.extend_from_slice(name.as_bytes());
        names.push(b'\n');
    }
    names
}
