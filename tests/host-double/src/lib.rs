//! A proxy-wasm host in memory (ABI 0.2.1): it runs the built filter natively,
//! with headers, properties, shared data, clocks and random bytes under the
//! test's control. It counts host calls, and every one of them can be made to
//! fail. It has no network and no threads; what a real Envoy does is shown in
//! `tests/e2e/edge/`.

pub mod case;
mod expectation;
pub mod fault;
pub mod host;
mod imports;
pub mod script;
pub mod vm;

pub use fault::{Fault, Garbage};
pub use host::{Host, Pairs, Shared};
pub use vm::{Module, Vm};
