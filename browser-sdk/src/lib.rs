//! The engine of the browser SDK: what the page measured goes in, OTLP bodies
//! come out. Pure but for [`web`](self), which exists in a wasm build only.
//!
//! Left out on purpose: observing the page and posting bodies (TypeScript, in
//! `npm/src`, because glue costs more bytes than it saves), and everything that
//! drags formatting, hash maps or serde into the module, whose bytes are counted.
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

pub mod attributes;
pub mod breadcrumbs;
pub mod clock;
pub mod device;
pub mod gzip;
pub mod input;
pub mod navigation;
pub mod outbox;
pub mod page;
pub mod record;
pub mod session;
pub mod session_id;
pub mod signals;
pub mod view;

#[cfg(target_family = "wasm")]
mod web;
