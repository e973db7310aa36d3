//! The per-user cache: one folder for each part, version and recipe. A folder
//! counts only when its last file, `.complete`, is there; one that was
//! interrupted is cleared and built anew. It is built where it will stay, since
//! Python environments and Next.js builds carry their own path. A lock keeps two
//! checkouts from building the same part at once. Of each part the folders used
//! last are kept, the others removed when a new one is made.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::site::Site;

const COMPLETE: &str = ".complete";

/// Folders kept of a part: a few checkouts can work side by side.
const KEPT: usize = 4;

/// What a part is made from; its digest is in the folder's name.
pub struct Key {
    part: &'static str,
    version: String,
    digest: Sha256,
}

pub struct Entry {
    pub folder: PathBuf,
    /// How long it took, where it was made now.
    pub made: Option<Duration>,
}

impl Key {
    pub fn new(part: &'static str, version: &str) -> Self {
        Self {
            part,
            version: version.to_owned(),
            digest: Sha256::new(),
        }
    }

    /// Adds something that the part is made from.
    pub fn with(mut self, input: impl AsRef<[u8]>) -> Self {
        let input = input.as_ref();
        self.digest.update((input.len() as u64).to_le_bytes());
        self.digest.update(input);
        self
    }

    /// Adds files and all files below folders, by name and content.
    pub fn with_files(mut self, root: &Path, paths: &[&str]) -> Result<Self> {
        for path in paths {
            for file in files_below(&root.join(path))? {
                let name = file
                    .strip_prefix(root)
                    .unwrap_or(&file)
                    .to_string_lossy()
                    .into_owned();
                let content = fs::read(&file).with_context(|| format!("read {name}"))?;
                self = self.with(name).with(content);
            }
        }
        Ok(self)
    }

    pub fn digest(&self) -> String {
        let digest = self.digest.clone().finalize();
        digest
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn name(&self) -> String {
        match self.version.as_str() {
            "" => format!("{}-{}", self.part, self.digest()),
            version => format!("{}-{version}-{}", self.part, self.digest()),
        }
    }

    pub fn folder(&self, site: &Site) -> PathBuf {
        site.home.join(self.name())
    }

    pub fn cached(&self, site: &Site) -> Option<PathBuf> {
        let folder = self.folder(site);
        folder.join(COMPLETE).is_file().then_some(folder)
    }

    /// The part's folder, made by `build` unless it is complete.
    pub fn get(
        &self,
        site: &Site,
        begun: impl FnOnce(),
        build: impl FnOnce(&Path, &Path) -> Result<()>,
    ) -> Result<Entry> {
        if let Some(folder) = self.cached(site) {
            // Its age is that of its last use; a cache that can't be written
            // still serves.
            let mark = File::options().write(true).open(folder.join(COMPLETE));
            let _ = mark.and_then(|mark| mark.set_modified(SystemTime::now()));
            return Ok(Entry { folder, made: None });
        }
        let _lock = lock(&site.home.join("locks").join(self.name()), self.part)?;
        if let Some(folder) = self.cached(site) {
            return Ok(Entry { folder, made: None });
        }
        begun();
        let started = Instant::now();
        let folder = self.folder(site);
        let log = site.home.join("logs").join(format!("{}.log", self.name()));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let _ = fs::remove_file(&log);
        build(&folder, &log)?;
        fs::write(folder.join(COMPLETE), "")?;
        remove_unused(&site.home, self.part)?;
        Ok(Entry {
            folder,
            made: Some(started.elapsed()),
        })
    }
}

/// Removes all complete folders of a part but those used last.
fn remove_unused(home: &Path, part: &str) -> Result<()> {
    let mut used = Vec::new();
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        let of_this_part = entry
            .file_name()
            .to_string_lossy()
            .strip_prefix(part)
            .is_some_and(|rest| rest.starts_with('-'));
        if let Ok(mark) = fs::metadata(entry.path().join(COMPLETE))
            && of_this_part
        {
            used.push((mark.modified()?, entry.path()));
        }
    }
    used.sort();
    for (_, folder) in used.iter().rev().skip(KEPT) {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    Ok(())
}

/// Held until dropped; waits for another process that holds it, and says so.
pub fn lock(path: &Path, what: &str) -> Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    let file = File::create(path).with_context(|| format!("write {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("{what} … another process is at it, waiting");
        file.lock()?;
    }
    Ok(file)
}

/// Every file below a folder, or the file itself, sorted; without what package
/// managers and builds put there.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let entries = fs::read_dir(path).with_context(|| format!("read {}", path.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let made = [
            "node_modules",
            ".next",
            "target",
            "dist",
            "__pycache__",
            ".git",
        ];
        if made.iter().any(|folder| name == *folder) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str) -> Site {
        let mut site = Site::find().expect("this checkout is found");
        site.home = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        site
    }

    #[test]
    fn a_part_is_built_once() {
        let site = site("once");
        let key = Key::new("thing", "1.0").with("recipe");
        let first = key.get(
            &site,
            || (),
            |folder, _| Ok(fs::write(folder.join("a"), "a")?),
        );
        assert!(first.expect("built").made.is_some());
        let second = key
            .get(&site, || (), |_, _| panic!("built twice"))
            .expect("cached");
        assert!(second.made.is_none() && second.folder.join("a").is_file());
        fs::remove_dir_all(&site.home).expect("the test's cache goes");
    }

    #[test]
    fn an_interrupted_build_leaves_nothing_behind_in_the_next() {
        let site = site("interrupted");
        let key = Key::new("thing", "");
        let first = key.get(
            &site,
            || (),
            |folder, _| {
                fs::write(folder.join("half"), "")?;
                anyhow::bail!("interrupted")
            },
        );
        assert!(first.is_err() && key.cached(&site).is_none());
        let second = key.get(&site, || (), |_, _| Ok(())).expect("built");
        assert!(!second.folder.join("half").exists());
        fs::remove_dir_all(&site.home).expect("the test's cache goes");
    }

    #[test]
    fn what_was_used_last_is_kept() {
        let site = site("unused");
        let make = |version: &str| {
            let key = Key::new("thing", version);
            key.get(&site, || (), |_, _| Ok(()))
                .expect("built or cached")
                .folder
        };
        let folders: Vec<PathBuf> = (0..KEPT)
            .map(|version| make(&version.to_string()))
            .collect();
        Key::new("thing-else", "")
            .get(&site, || (), |_, _| Ok(()))
            .expect("another part");
        make("0");
        make("new");
        assert!(folders[0].exists() && !folders[1].exists());
        fs::remove_dir_all(&site.home).expect("the test's cache goes");
    }

    #[test]
    fn inputs_that_differ_only_in_where_one_ends_have_different_keys() {
        let key = |first: &str, second: &str| Key::new("x", "").with(first).with(second).digest();
        assert_ne!(key("ab", "c"), key("a", "bc"));
    }
}
