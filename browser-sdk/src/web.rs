//! What JavaScript sees of the engine: the only code that knows wasm-bindgen.
//! Every method hands numbers and texts to the session and back. Names are
//! JavaScript's; times are `DOMHighResTimeStamp`s. No method can throw; a trap
//! would be caught by the caller, which then turns the SDK off.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::outbox::Signal;
use crate::page::PageStart;
use crate::session::{self, Options, Session};
use crate::signals::document_load::PHASES;
use crate::signals::errors::Thrown;
use crate::signals::fetch::Fetched;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// One page's telemetry.
#[wasm_bindgen]
pub struct Engine(Session);

#[wasm_bindgen]
impl Engine {
    /// Begins; `entropy` are 32 random bytes.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        service_name: &str,
        service_version: &str,
        environment: &str,
        routes: &str,
        sample_ratio: f64,
        origin_unix_ms: f64,
        url: &str,
        navigation_type: &str,
        traceparent: &str,
        activation_ms: f64,
        hidden_ms: f64,
        entropy: &[u8],
    ) -> Self {
        let options = Options {
            service_name,
            service_version,
            environment,
            routes,
            sample_ratio,
            origin_unix_ms,
        };
        let start = PageStart {
            url,
            navigation_type,
            traceparent,
            activation_ms,
            hidden_ms,
            entropy: entropy.try_into().unwrap_or_default(),
        };
        Self(Session::new(&options, &start))
    }

    /// A first contentful paint.
    pub fn fcp(&mut self, paint_ms: f64) {
        self.0.on_first_contentful_paint(paint_ms);
    }

    /// A candidate for the largest contentful paint.
    pub fn lcp(&mut self, paint_ms: f64) {
        self.0.on_largest_contentful_paint(paint_ms);
    }

    /// A layout shift that followed no input.
    pub fn shift(&mut self, value: f64, at_ms: f64) {
        self.0.on_layout_shift(value, at_ms);
    }

    /// An event of an interaction.
    pub fn event(&mut self, interaction_id: f64, duration_ms: f64) {
        self.0.on_event(interaction_id, duration_ms);
    }

    /// The first input, which ends the search for the largest paint.
    pub fn input(&mut self, now_ms: f64) {
        self.0.on_first_input(now_ms);
    }

    /// An uncaught error or unhandled rejection.
    pub fn thrown(&mut self, kind: &str, message: &str, stack: &str, url: &str, at_ms: f64) {
        self.0.on_thrown(&Thrown {
            kind,
            message,
            stack,
            url,
            at_ms,
        });
    }

    /// A `fetch` that ended.
    #[allow(clippy::too_many_arguments)]
    pub fn fetched(
        &mut self,
        traceparent: &str,
        method: &str,
        url: &str,
        status: u16,
        error: &str,
        start_ms: f64,
        end_ms: f64,
    ) {
        self.0.on_fetched(&Fetched {
            traceparent,
            method,
            url,
            status,
            error,
            start_ms,
            end_ms,
        });
    }

    /// The document is loaded; times in the order of [`phases`].
    pub fn loaded(&mut self, phases_ms: &[f64], end_ms: f64) {
        self.0.on_document_load(phases_ms, end_ms);
    }

    /// The page is hidden.
    pub fn hidden(&mut self, now_ms: f64, interaction_count: f64) {
        self.0.on_hidden(now_ms, interaction_count);
    }

    /// So many signals were lost before the engine was there.
    pub fn lost(&mut self, count: u32) {
        self.0.on_lost(count);
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

/// Names of the times that [`Engine::loaded`] takes, with commas between.
#[wasm_bindgen]
pub fn phases() -> String {
    PHASES.join(",")
}

/// What is wrong with route templates, one a line; see `session::check_routes`.
#[wasm_bindgen(js_name = checkRoutes)]
pub fn check_routes(routes: &str) -> String {
    session::check_routes(routes)
}
