//! Stacks of minified scripts back into lines of their source, by the source maps
//! that a build has left. The maps need not be served: they stay where the build
//! is kept.

mod maps;

pub use maps::{Found, Maps, Place};

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use sightline_core::stack;

/// Lines of the source before and behind the one that is shown.
const AROUND: usize = 2;

/// A stack in the words of the source.
#[derive(Debug)]
pub struct Symbolicated {
    /// The stack, with the lines around its innermost frame that has a source.
    pub text: String,
    /// How many frames have a place in a source.
    pub found: usize,
    /// Frames that have none although they should, by why.
    pub missing: BTreeMap<String, usize>,
}

/// Takes each line of a text that is a frame to its source. Other lines stay as they
/// are; those of a debug id and a script's URL say which build that is of.
pub fn symbolicate(input: &str, maps: &mut Maps) -> Result<Symbolicated> {
    let is_v8 = stack::is_v8(input);
    let mut text = String::new();
    let (mut found, mut missing) = (0, BTreeMap::<String, usize>::new());
    let mut shown = None;
    let ids: BTreeMap<_, _> = input.lines().filter_map(debug_id).collect();
    for line in input.lines() {
        let frame = stack::frame(line, is_v8).unwrap_or_default();
        let place = match maps.find(&frame, ids.get(frame.file).copied())? {
            Found::Place(place) => Ok(place),
            Found::NoPlace => Err(None),
            Found::NoMap => Err(Some(format!("no map of {}", frame.file))),
            Found::NotMapped => Err(Some(format!("the map of {} has nothing there", frame.file))),
            Found::Ambiguous(paths) => {
                let paths: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
                let paths = paths.join(", ");
                Err(Some(format!("several maps fit {}: {paths}", frame.file)))
            }
        };
        let place = match place {
            Ok(place) => place,
            Err(why) => {
                if let Some(why) = why {
                    let count = missing.entry(why).or_default();
                    *count = count.saturating_add(1);
                }
                writeln!(text, "{line}")?;
                continue;
            }
        };
        found += 1;
        let at = format!("{}:{}:{}", place.source, place.line, place.column);
        let named = Some(frame.function).filter(|name| !name.is_empty());
        match place.function.as_deref().or(named) {
            Some(function) => writeln!(text, "    at {function} ({at})")?,
            None => writeln!(text, "    at {at}")?,
        }
        if shown.is_none() {
            shown = Some(place);
        }
    }
    if let Some(Place {
        text: Some(source),
        line,
        column,
        source: name,
        ..
    }) = shown
    {
        text += &excerpt(&name, &source, line, column);
    }
    Ok(Symbolicated {
        text,
        found,
        missing,
    })
}

/// The URL of a script and its debug id, if a line is both, as browsers send them:
/// `85314830-023f-4cf1-a267-535f4e37bb17 https://shop.example/app.js`.
fn debug_id(line: &str) -> Option<(&str, &str)> {
    let (id, url) = line.trim().split_once(' ')?;
    let is_id = id.len() == 36
        && id
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    (is_id && url.contains("://")).then_some((url, id))
}

/// The lines around a place, which a sign points at.
fn excerpt(name: &str, source: &str, line: u32, column: u32) -> String {
    let wanted = usize::try_from(line).unwrap_or(usize::MAX);
    let from = wanted.saturating_sub(AROUND).max(1);
    let mut text = format!("\n{name}\n");
    let lines = source.lines().enumerate().skip(from.saturating_sub(1));
    for (at, content) in lines.take(wanted.saturating_add(AROUND + 1).saturating_sub(from)) {
        let number = at.saturating_add(1);
        let sign = if number == wanted { '>' } else { ' ' };
        let shown = format!("{sign}{number:>5} | {content}");
        text += &[shown.trim_end(), "\n"].concat();
        if number == wanted {
            let before = content.chars().take(
                usize::try_from(column)
                    .unwrap_or_default()
                    .saturating_sub(1),
            );
            // A tab is as wide as in the line above.
            let blank: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
            text += &format!("       | {blank}^\n");
        }
    }
    text
}
