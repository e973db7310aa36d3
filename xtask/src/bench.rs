//! `cargo xtask bench`: for now the sizes of what is shipped. Time and memory
//! of the filter and of the SDK are left out until they can be compared with
//! others in the same run.

use anyhow::Result;

use crate::dist;
use crate::site::Site;
use crate::sizes;

const HELP: &str = "\
Usage: cargo xtask bench

Prints the size of each file that dist makes: raw, gzip 9 and brotli 11.";

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    if crate::flags("bench", HELP, [], arguments)?.is_none() {
        return Ok(());
    }
    sizes::print(&dist::build(site)?);
    Ok(())
}
