//! The source maps of a build: which one belongs to a script, and what it says of
//! a place in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use sightline_core::search::cut;
use sightline_core::stack::Frame;
use sightline_core::url::{split_authority, split_scheme};
use sourcemap::{DecodedMap, SourceMap, SourceView};

/// The scripts below some folders, with their maps.
#[derive(Debug, Default)]
pub struct Maps {
    /// Paths of scripts. One whose map alone is there counts, too.
    scripts: BTreeSet<PathBuf>,
    read: BTreeMap<PathBuf, Option<Read>>,
}

/// A map, and the script that it is of, for the names of functions.
#[derive(Debug)]
struct Read {
    map: SourceMap,
    /// The map as it was read, to be compared.
    bytes: Vec<u8>,
    script: Option<SourceView>,
}

/// A frame in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As the source calls it; none where the map does not tell.
    pub function: Option<String>,
    /// Path of the source, as the map names it.
    pub source: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// The text of the source, if the map holds it.
    pub text: Option<String>,
}

/// What the maps say of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its place.
    Place(Place),
    /// The frame has no script, or no place in it: the browser's own, mostly.
    NoPlace,
    /// There is no map of its script.
    NoMap,
    /// Several maps would fit, and they differ.
    Ambiguous(Vec<PathBuf>),
    /// The map has nothing at this place.
    NotMapped,
}

impl Maps {
    /// All scripts and maps in these folders and below.
    pub fn below(folders: &[PathBuf]) -> Result<Self> {
        let mut maps = Self::default();
        for folder in folders {
            maps.collect(folder)?;
        }
        Ok(maps)
    }

    fn collect(&mut self, folder: &Path) -> Result<()> {
        let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            // Links are not followed: they can lead round in a circle.
            let kind = entry.file_type()?;
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            match &*extension {
                _ if kind.is_dir() => self.collect(&path)?,
                "map" => drop(self.scripts.insert(path.with_extension(""))),
                "js" | "mjs" | "cjs" => drop(self.scripts.insert(path)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.scripts.is_empty()
    }

    /// Where a frame comes from. Of several maps that would fit it is the one with
    /// the debug id.
    pub fn find(&mut self, frame: &Frame<'_>, debug_id: Option<&str>) -> Result<Found> {
        if frame.line == 0 || frame.column == 0 || split_scheme(frame.file).is_none() {
            return Ok(Found::NoPlace);
        }
        let fitting = self.fitting(frame.file);
        for script in &fitting {
            if !self.read.contains_key(script) {
                self.read.insert(script.clone(), Read::of(script)?);
            }
        }
        let read = |script| self.read.get(script).and_then(Option::as_ref);
        let mut read: Vec<_> = fitting.iter().filter_map(read).collect();
        if let Some(id) = debug_id
            && read.iter().any(|one| one.has_id(id))
        {
            read.retain(|one| one.has_id(id));
        }
        let mut read = read.into_iter();
        let Some(first) = read.next() else {
            return Ok(Found::NoMap);
        };
        if read.any(|other| other.bytes != first.bytes) {
            return Ok(Found::Ambiguous(fitting));
        }
        Ok(first.place(frame).map_or(Found::NotMapped, Found::Place))
    }

    /// The scripts whose path agrees with a URL's on most segments, counted from the
    /// end; at least on the file's name.
    fn fitting(&self, url: &str) -> Vec<PathBuf> {
        let wanted = segments_of_url(url);
        let agreement = |path: &PathBuf| {
            let segments = path.iter().rev().map(|segment| segment.to_string_lossy());
            let pairs = segments.zip(wanted.iter().rev());
            pairs.take_while(|(one, other)| one == *other).count()
        };
        let best = self.scripts.iter().map(agreement).max().unwrap_or_default();
        let fits = |path: &&PathBuf| best > 0 && agreement(path) == best;
        self.scripts.iter().filter(fits).cloned().collect()
    }
}

impl Read {
    /// The map that a script names, or else the one of its own name.
    fn of(script: &Path) -> Result<Option<Self>> {
        let text = fs::read_to_string(script).ok();
        let named = text.as_deref().and_then(map_named_in);
        if let Some(inline) = named.filter(|named| named.starts_with("data:")) {
            let map = sourcemap::decode_data_url(inline);
            let map = map.with_context(|| format!("the map within {}", script.display()))?;
            let bytes = inline.as_bytes().to_vec();
            return Self::new(map, bytes, text).map(Some);
        }
        let mut own = script.as_os_str().to_owned();
        own.push(".map");
        let named = named.map(|named| script.with_file_name(cut(named, b"?#").0));
        let paths = named.into_iter().chain([PathBuf::from(own)]);
        let Some(path) = paths.into_iter().find(|path| path.is_file()) else {
            return Ok(None);
        };
        let what = || format!("read {}", path.display());
        let bytes = fs::read(&path).with_context(what)?;
        let map = sourcemap::decode_slice(&bytes)
            .context("no source map")
            .with_context(what)?;
        Self::new(map, bytes, text).with_context(what).map(Some)
    }

    fn new(map: DecodedMap, bytes: Vec<u8>, text: Option<String>) -> Result<Self> {
        let debug_id = map.debug_id();
        let mut map = match map {
            DecodedMap::Regular(map) => map,
            // Turbopack writes maps of sections.
            DecodedMap::Index(index) => index.flatten().context("sections that can't be joined")?,
            DecodedMap::Hermes(_) => bail!("a map of bytecode, which no browser runs"),
        };
        map.set_debug_id(debug_id);
        let script = text.map(|text| SourceView::new(Arc::from(text)));
        Ok(Self { map, bytes, script })
    }

    fn has_id(&self, wanted: &str) -> bool {
        let own = self.map.get_debug_id();
        own.is_some_and(|id| id.to_string().eq_ignore_ascii_case(wanted))
    }

    fn place(&self, frame: &Frame<'_>) -> Option<Place> {
        let (line, column) = (frame.line.checked_sub(1)?, frame.column.checked_sub(1)?);
        let token = self.map.lookup_token(line, column)?;
        // A line without a mapping of its own is answered from one before.
        if token.get_dst_line() != line {
            return None;
        }
        let text = token.get_source_view().map(|view| view.source().to_owned());
        Some(Place {
            function: self.function(frame, line, column),
            source: tidy(token.get_source()?).to_owned(),
            line: token.get_src_line().checked_add(1)?,
            column: token.get_src_col().checked_add(1)?,
            text,
        })
    }

    /// The frame's function in the words of the source: each of its names by where
    /// the script declares it, such as `new t` or `t.submit`.
    fn function(&self, frame: &Frame<'_>, line: u32, column: u32) -> Option<String> {
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let mut function = String::new();
        let mut rest = frame.function;
        let mut is_any_known = false;
        while !rest.is_empty() {
            let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(len)?;
            let known = self.declared(name, line, column);
            is_any_known |= known.is_some();
            function += known.as_deref().unwrap_or(name);
            let len = behind.find(is_name).unwrap_or(behind.len());
            let (between, behind) = behind.split_at_checked(len)?;
            function += between;
            rest = behind;
        }
        is_any_known.then_some(function)
    }

    /// What the source calls a function or class that the script declares under this
    /// name before a place, next to it: a function is declared before all that it
    /// holds.
    fn declared(&self, name: &str, line: u32, column: u32) -> Option<String> {
        let script = self.script.as_ref().filter(|_| !name.is_empty())?;
        let is_before = |token: &sourcemap::Token<'_>| token.get_dst() <= (line, column);
        let count = self.map.tokens().take_while(is_before).count();
        let length = u32::try_from(name.encode_utf16().count()).ok()?;
        for at in (0..count).rev() {
            let token = self.map.get_token(at)?;
            let Some(original) = token.get_name() else {
                continue;
            };
            let (line, column) = token.get_dst();
            if script.get_line_slice(line, column, length) != Some(name) {
                continue;
            }
            let start = column.saturating_sub(KEYWORD);
            let before = script.get_line_slice(line, start, column.saturating_sub(start));
            // The line may end sooner than so many columns behind the name.
            let behind = column.saturating_add(length);
            let mut after = (1..=KEYWORD).rev();
            let after = after.find_map(|len| script.get_line_slice(line, behind, len));
            if declares(before.unwrap_or_default(), after.unwrap_or_default()) {
                return Some(original.to_owned());
            }
        }
        None
    }
}

/// Columns before or behind a name that tell what it is.
const KEYWORD: u32 = 10;

/// Whether what stands around a name makes it that of a function or class.
fn declares(before: &str, after: &str) -> bool {
    let is_named = ["function ", "function*", "class "];
    let is_given = ["=function", "=class", "=async", "=(", "=>"];
    is_named.iter().any(|end| before.ends_with(end))
        || is_given.iter().any(|start| after.starts_with(start))
        // `t=e=>…`
        || after.strip_prefix('=').is_some_and(|value| {
            let rest = value.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
            rest.len() < value.len() && rest.starts_with("=>")
        })
}

/// The path of a source without what only leads to it: a bundler's scheme and its
/// name for the project, folders above.
fn tidy(source: &str) -> &str {
    let (_, path) = split_scheme(source).unwrap_or(("", source));
    let path = path.trim_start_matches('/');
    let (_, path) = path.split_once("/./").unwrap_or(("", path));
    let mut path = path.strip_prefix("[project]/").unwrap_or(path);
    while let Some(rest) = path.strip_prefix("../").or_else(|| path.strip_prefix("./")) {
        path = rest;
    }
    path
}

/// The map that a script's last line names: its place, or all of it.
fn map_named_in(script: &str) -> Option<&str> {
    let (_, named) = script.rsplit_once("# sourceMappingURL=")?;
    named.split_whitespace().next()
}

/// The segments of a URL's path.
fn segments_of_url(url: &str) -> Vec<&str> {
    let (_, location) = split_scheme(url).unwrap_or(("", url));
    let (_, path) = split_authority(location);
    let (path, _) = cut(path, b"?#");
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_told_from_uses() {
        for (before, after, expected) in [
            ("function ", "(t){", true),
            ("async function ", "(", true),
            ("function*", "(", true),
            ("class ", "{", true),
            ("var ", "=class{", true),
            ("let ", "=e=>e", true),
            ("const ", "=(e,t)=>", true),
            ("const ", "=async e=>", true),
            ("return ", "(t)", false),
            ("", "=1", false),
            ("new ", "(", false),
        ] {
            assert_eq!(declares(before, after), expected, "{before}_{after}");
        }
    }

    #[test]
    fn paths_of_sources_are_tidied() {
        for (source, path) in [
            ("../../../source/cart.ts", "source/cart.ts"),
            ("webpack://_N_E/./src/cart.ts", "src/cart.ts"),
            ("webpack:///./src/cart.ts", "src/cart.ts"),
            ("turbopack:///[project]/src/cart.ts", "src/cart.ts"),
            ("cart.ts", "cart.ts"),
        ] {
            assert_eq!(tidy(source), path);
        }
    }

    #[test]
    fn a_url_is_its_path() {
        let path = segments_of_url("https://shop.example/_next/@scope/a.js?v=1#x");
        assert_eq!(path, ["_next", "@scope", "a.js"]);
        assert!(segments_of_url("https://shop.example").is_empty());
    }
}
