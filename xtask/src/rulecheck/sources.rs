//! Files and folders that are given to the checks. One that can't be read is a
//! mistake of whoever gave it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sightline_rules::check::Source;

use super::wrong;

/// What a file says.
pub fn text_of(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| wrong(format!("{}: {error}", path.display())))
}

/// Files as they are given, and the YAML files of folders, however deep.
pub fn read(given: &[String]) -> Result<Vec<Source>> {
    listed(given, below)
}

/// Files as they are given, and what `within` finds in folders.
pub fn listed(given: &[String], within: fn(&Path) -> Result<Vec<Source>>) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for name in given {
        let path = Path::new(name);
        if path.is_dir() {
            let found = within(path)?;
            if found.is_empty() {
                return Err(wrong(format!("{name}: no YAML file in that folder")));
            }
            sources.extend(found);
        } else {
            sources.push(Source {
                name: name.clone(),
                text: text_of(path)?,
            });
        }
    }
    Ok(sources)
}

fn below(folder: &Path) -> Result<Vec<Source>> {
    let mut sources = yaml_of(folder)?;
    let mut folders: Vec<_> = entries(folder)?;
    folders.retain(|path| path.is_dir());
    for inner in folders {
        sources.extend(below(&inner)?);
    }
    Ok(sources)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = listed
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The YAML files of a folder itself.
pub fn yaml_of(folder: &Path) -> Result<Vec<Source>> {
    of_kind(folder, &["yaml", "yml"])
}

/// The pages of a folder itself.
pub fn pages_of(folder: &Path) -> Result<Vec<Source>> {
    of_kind(folder, &["md"])
}

fn of_kind(folder: &Path, kinds: &[&str]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in entries(folder)? {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_file() && extension.is_some_and(|extension| kinds.contains(&extension)) {
            sources.push(Source {
                name: path.display().to_string(),
                text: text_of(&path)?,
            });
        }
    }
    Ok(sources)
}

/// The names of what is in a folder.
pub fn names_of(folder: &Path) -> Result<BTreeSet<String>> {
    let names = entries(folder)?.into_iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        Some(name.to_owned())
    });
    Ok(names.collect())
}
