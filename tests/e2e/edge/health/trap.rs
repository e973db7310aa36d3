//! The built filter with one function more, which traps: Envoy calls
//! `proxy_on_request_body` where a module has it, and the filter has it not. So
//! a request with a body kills the VM that sees it, and all else is the filter
//! as it is shipped.

use anyhow::{Context, Result};
use std::ops::Range;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// A module with the trap in it.
pub fn with_trap(module: &[u8]) -> Result<Vec<u8>> {
    let (mut imported, mut headers) = (0, None);
    let mut types = Vec::new();
    // Function, export and code section: where their vectors stand, and what
    // is to be added to each.
    let mut vectors: Vec<(u8, Range<usize>)> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(section) => {
                vectors.push((3, section.range()));
                types = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::ExportSection(section) => {
                vectors.push((7, section.range()));
                for export in section {
                    let export = export?;
                    if export.name == "proxy_on_request_headers" {
                        assert_eq!(export.kind, ExternalKind::Func);
                        headers = Some(export.index);
                    }
                }
            }
            Payload::CodeSectionStart { range, .. } => vectors.push((10, range)),
            _ => {}
        }
    }
    // It takes and gives the same numbers.
    let headers = headers.context("no proxy_on_request_headers")?;
    let kind = *types
        .get((headers - imported) as usize)
        .context("its type")?;
    let function = imported + u32::try_from(types.len())?;
    let name = b"proxy_on_request_body";
    let export = [&[name.len() as u8][..], name, &[0], &leb(function)].concat();
    const UNREACHABLE: [u8; 4] = [3, 0, 0x00, 0x0b];
    let mut out = Vec::new();
    let mut copied = 0;
    for (id, vector) in vectors {
        let item = match id {
            3 => leb(kind),
            7 => export.clone(),
            _ => UNREACHABLE.to_vec(),
        };
        let bytes = &module[vector.clone()];
        let (count, rest) = read_leb(bytes);
        let content = [&leb(count + 1)[..], rest, &item].concat();
        // Before the content stand the section's id and its size.
        let size_len = leb_len_before(module, vector.start, id);
        out.extend_from_slice(&module[copied..vector.start - size_len]);
        out.extend(leb(u32::try_from(content.len())?));
        out.extend(content);
        copied = vector.end;
    }
    out.extend_from_slice(&module[copied..]);
    Ok(out)
}

/// How many bytes before this place are the size of the section with this id.
fn leb_len_before(module: &[u8], start: usize, id: u8) -> usize {
    (1..=5)
        .find(|len| {
            let size = &module[start - len..start];
            let (last, others) = size.split_last().expect("not empty");
            module[start - len - 1] == id && *last < 0x80 && others.iter().all(|byte| *byte >= 0x80)
        })
        .expect("a section has its size")
}

fn leb(mut number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

fn read_leb(bytes: &[u8]) -> (u32, &[u8]) {
    let len = bytes.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    let (number, rest) = bytes.split_at(len);
    let number = number.iter().rev();
    let number = number.fold(0, |sum, byte| sum << 7 | u32::from(byte & 0x7f));
    (number, rest)
}
