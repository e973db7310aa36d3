//! `cargo xtask gen`: files that are made from Rust, so that nothing that is
//! said twice can differ.

use anyhow::Result;

use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask gen [--check]

Writes the generated files. With --check, writes nothing and fails where one is
not what it would write.";

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let Some([_check]) = crate::flags("gen", HELP, ["--check"], arguments)? else {
        return Ok(());
    };
    let _ = site;
    Ok(())
}
