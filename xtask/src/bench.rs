//! `cargo xtask bench`: the sizes of what is shipped, and in [`browser`] what the
//! SDK costs a page. Time and memory of the filter are left out until they can
//! be compared with others in the same run.

mod browser;

use anyhow::Result;

use crate::dist;
use crate::site::Site;
use crate::sizes;

const HELP: &str = "\
Usage: cargo xtask bench [browser]

Prints the size of each file that dist makes: raw, gzip 9 and brotli 11. With
`browser`, what the SDK costs a page beside other SDKs.";

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    if let [first, rest @ ..] = arguments
        && first == "browser"
    {
        return browser::run(site, rest);
    }
    if crate::flags("bench", HELP, [], arguments)?.is_none() {
        return Ok(());
    }
    sizes::print(&dist::build(site)?);
    Ok(())
}
