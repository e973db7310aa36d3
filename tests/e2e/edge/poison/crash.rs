//! How a crash of the filter is known, and a filter that crashes.

use sightline_tests::envoy::Envoy;
use sightline_tests::parts;
use std::path::Path;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// What Envoy says of crashes: lines of its log, and statistics that are not 0.
pub fn signs(envoy: &Envoy) -> Vec<String> {
    let output = envoy.output();
    let lines = output.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        [
            "panicked",
            "vm crash",
            "function: proxy_on",
            "plugin in-vm",
            "runtime error",
            "uncaught",
        ]
        .iter()
        .any(|sign| line.contains(sign))
    });
    let stats = envoy.admin("/stats?filter=wasm").unwrap_or_default();
    let stats = stats.lines().filter(|line| {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        ["vm_reload", "vm_failed", "fail", "crash"]
            .iter()
            .any(|sign| name.contains(sign))
            && value != "0"
    });
    lines.chain(stats).map(str::to_owned).collect()
}

/// Writes a copy of the filter that traps in this callback.
pub fn write_trapping(callback: &str, to: &Path) {
    let mut module = std::fs::read(parts::require(parts::FILTER).unwrap()).unwrap();
    let (mut imported, mut exported, mut bodies) = (0, None, Vec::new());
    for payload in Parser::new(0).parse_all(&module) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                let imports = section.into_imports().map(Result::unwrap);
                imported = imports
                    .filter(|import| matches!(import.ty, TypeRef::Func(_)))
                    .count();
            }
            Payload::ExportSection(section) => {
                let mut exports = section.into_iter().map(Result::unwrap);
                let export = exports
                    .find(|export| export.name == callback && export.kind == ExternalKind::Func);
                exported = export.map(|export| export.index as usize);
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range()),
            _ => {}
        }
    }
    let index = exported.expect("the filter exports it");
    let range = bodies[index - imported].clone();
    // No locals, `unreachable`, as many `nop` as there is room for, `end`.
    let body = &mut module[range];
    body.fill(0x01);
    body[0] = 0x00;
    body[1] = 0x00;
    *body.last_mut().unwrap() = 0x0b;
    std::fs::write(to, module).unwrap();
}
