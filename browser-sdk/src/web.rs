//! What JavaScript sees of the engine: the only code that knows wasm-bindgen.
//! Every method hands numbers and texts to the session and back; none throws. A
//! trap would reach the caller, which then turns the SDK off.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::input::{Input, SEPARATOR};
use crate::outbox::Signal;
use crate::page::PageStart;
use crate::session::{self, Options, Session};
use crate::signals::document_load::PHASES;

#[global_allocator]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// One page's telemetry.
#[wasm_bindgen]
pub struct Engine(Session);

#[wasm_bindgen]
impl Engine {
    /// Begins. `numbers`: `performance.timeOrigin`, share of traces to keep,
    /// activation of a prerendered page, first time hidden. `texts`, with NUL
    /// between: service name, version, environment, routes (one a line), URL,
    /// navigation type, `traceparent` of the document. `entropy`: 32 random
    /// bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(numbers: &[f64], texts: &str, entropy: &[u8]) -> Self {
        let mut numbers = numbers.iter();
        let mut number = || numbers.next().copied().unwrap_or(f64::NAN);
        let mut texts = texts.split(SEPARATOR);
        let mut text = || texts.next().unwrap_or_default();
        let options = Options {
            origin_unix_ms: number(),
            sample_ratio: number(),
            service_name: text(),
            service_version: text(),
            environment: text(),
            routes: text(),
        };
        let start = PageStart {
            activation_ms: number(),
            hidden_ms: number(),
            url: text(),
            navigation_type: text(),
            traceparent: text(),
            entropy: entropy.try_into().unwrap_or_default(),
        };
        Self(Session::new(&options, &start))
    }

    /// Something happened; see `input.rs`.
    pub fn input(&mut self, kind: u8, numbers: &[f64], texts: &str) {
        if let Some(input) = Input::read(kind, numbers, texts) {
            self.0.on(input);
        }
    }

    /// Bytes that wait for delivery.
    pub fn waiting(&self) -> u32 {
        u32::try_from(self.0.waiting_bytes()).unwrap_or(u32::MAX)
    }

    /// The next batch to send: 0 for none, else a number whose lowest bit says
    /// whether it holds traces or logs.
    pub fn next(&mut self, now_ms: f64, leaving: bool) -> u32 {
        let batch = self.0.next_batch(now_ms, leaving);
        batch.map_or(0, |batch| {
            batch.id << 1 | u32::from(batch.signal == Signal::Traces)
        })
    }

    /// The body of a batch, as [`Engine::next`] named it.
    pub fn body(&self, batch: u32) -> Vec<u8> {
        self.0.body(batch >> 1)
    }

    /// What became of a batch: its status, or 0 without an answer.
    pub fn settled(&mut self, batch: u32, status: u16, now_ms: f64) {
        self.0.on_settled(batch >> 1, status, now_ms);
    }
}

/// Names of the times that a document load tells, one a line.
#[wasm_bindgen]
pub fn phases() -> String {
    let mut names = String::new();
    for name in PHASES {
        names.push_str(name);
        names.push('\n');
    }
    names
}

/// What is wrong with route templates, one a line; see `session::check_routes`.
#[wasm_bindgen(js_name = checkRoutes)]
pub fn check_routes(routes: &str) -> String {
    session::check_routes(routes)
}
