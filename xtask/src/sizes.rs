//! Sizes of what is shipped: as it is, with gzip 9 and with brotli 11, both as
//! node has them. Written to `dist/sizes.json`, printed as a table by `bench`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::process;

/// Sizes of one file, in bytes.
#[derive(Serialize, Deserialize)]
pub struct Sizes {
    pub raw: u64,
    pub gzip: u64,
    pub brotli: u64,
}

pub type Table = BTreeMap<String, Sizes>;

const MEASURE: &str = r#"
const fs = require("fs"), zlib = require("zlib");
const [root, ...files] = process.argv.slice(1);
const sizes = {};
for (const file of files) {
  const bytes = fs.readFileSync(root + "/" + file);
  sizes[file] = {
    raw: bytes.length,
    gzip: zlib.gzipSync(bytes, { level: 9 }).length,
    brotli: zlib.brotliCompressSync(bytes).length,
  };
}
console.log(JSON.stringify(sizes));
"#;

/// Measures files given relative to `root`.
pub fn measure(node: &Path, root: &Path, files: &[String]) -> Result<Table> {
    let mut command = Command::new(node);
    command.args(["-e", MEASURE]).arg(root).args(files);
    let printed = process::output(&mut command)?;
    serde_json::from_str(&printed).context("read the sizes that node printed")
}

pub fn write(path: &Path, table: &Table) -> Result<()> {
    let text = serde_json::to_string_pretty(table)? + "\n";
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

pub fn print(table: &Table) {
    let width = table.keys().map(String::len).max().unwrap_or(0);
    println!(
        "{:width$} {:>9} {:>9} {:>9}",
        "bytes", "raw", "gzip", "brotli"
    );
    for (file, sizes) in table {
        println!(
            "{file:width$} {:>9} {:>9} {:>9}",
            sizes.raw, sizes.gzip, sizes.brotli
        );
    }
}
