//! `cargo xtask test`: not there yet.

use anyhow::{Result, bail};

use crate::tools::Tools;

const HELP: &str = "Usage: cargo xtask test";

pub fn run(_tools: &Tools, arguments: &[String]) -> Result<()> {
    if crate::flags("test", HELP, [], arguments)?.is_none() {
        return Ok(());
    }
    bail!("test is not there yet")
}
