//! One program for all targets under libFuzzer; `SIGHTLINE_FUZZ_TARGET` says
//! which runs. With `SIGHTLINE_FUZZ_SEEDS`, a folder, it first writes what the
//! target starts from there. `cargo xtask fuzz` sets both.
#![no_main]

mod browser;
mod documents;
mod headers;
mod otlp;
mod plugin;
mod record;
mod seeds;
mod shared_data;
mod texts;

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

/// Something that takes bytes from outside.
struct Target {
    name: &'static str,
    /// Must not panic, whatever the bytes are.
    run: fn(&[u8]),
    /// Bytes to start from.
    seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them; `cargo xtask fuzz` reads the names here.
const TARGETS: [Target; 16] = [
    Target {
        name: "traceparent",
        run: headers::traceparent,
        seeds: seeds::traceparents,
    },
    Target {
        name: "tracestate",
        run: headers::tracestate,
        seeds: seeds::tracestates,
    },
    Target {
        name: "baggage",
        run: headers::baggage,
        seeds: seeds::baggage,
    },
    Target {
        name: "b3",
        run: headers::b3,
        seeds: seeds::b3,
    },
    Target {
        name: "header_map",
        run: headers::header_map,
        seeds: seeds::header_maps,
    },
    Target {
        name: "peer",
        run: headers::peer,
        seeds: seeds::addresses,
    },
    Target {
        name: "route",
        run: texts::route,
        seeds: seeds::paths,
    },
    Target {
        name: "redaction",
        run: texts::redaction,
        seeds: seeds::secrets,
    },
    Target {
        name: "stack",
        run: texts::stack,
        seeds: seeds::stacks,
    },
    Target {
        name: "answer",
        run: texts::answer,
        seeds: seeds::answers,
    },
    Target {
        name: "configuration",
        run: documents::configuration,
        seeds: seeds::documents,
    },
    Target {
        name: "openapi",
        run: documents::openapi,
        seeds: seeds::openapi,
    },
    Target {
        name: "record",
        run: record::record,
        seeds: seeds::records,
    },
    Target {
        name: "otlp",
        run: otlp::otlp,
        seeds: seeds::nothing,
    },
    Target {
        name: "plugin",
        run: plugin::plugin,
        seeds: seeds::nothing,
    },
    Target {
        name: "browser",
        run: browser::browser,
        seeds: seeds::nothing,
    },
];

static CHOSEN: OnceLock<&Target> = OnceLock::new();

fn choose() {
    let name = std::env::var("SIGHTLINE_FUZZ_TARGET").unwrap_or_default();
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.expect("SIGHTLINE_FUZZ_TARGET names a target");
    if let Ok(folder) = std::env::var("SIGHTLINE_FUZZ_SEEDS") {
        for (at, seed) in (target.seeds)().iter().enumerate() {
            let file = std::path::Path::new(&folder).join(format!("seed-{at}"));
            std::fs::write(file, seed).expect("the folder can be written to");
        }
    }
    assert!(CHOSEN.set(target).is_ok(), "chosen once");
}

fuzz_target!(init: choose(), |bytes: &[u8]| {
    if let Some(target) = CHOSEN.get() {
        (target.run)(bytes);
    }
});
