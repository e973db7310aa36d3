//! `cargo xtask bench`: the sizes of what is shipped, in [`browser`] what the
//! SDK costs a page, in [`edge`] what the filter costs a request, and in
//! [`collector`] what the pipeline costs an item, which takes so many [`bytes`].

mod browser;
mod bytes;
mod collector;
mod edge;

use anyhow::Result;

use crate::Usage;
use crate::dist;
use crate::site::Site;
use crate::sizes;

const HELP: &str = "\
Usage: cargo xtask bench [browser|edge|collector|bytes]

Prints the size of each file that dist makes: raw, gzip 9 and brotli 11. With
`browser`, what the SDK costs a page beside other SDKs; with `edge`, what the
filter costs a request beside Envoy's own tracer; with `collector`, what the
pipeline costs an item beside a collector that only passes it on; with `bytes`,
how long an item of the last demo is.";

/// The rounds that a bench of this name is asked for; none where only its help is.
fn rounds(name: &str, help: &str, usual: usize, arguments: &[String]) -> Result<Option<usize>> {
    match arguments {
        [] => Ok(Some(usual)),
        [one] if one == "--help" || one == "-h" => {
            println!("{help}");
            Ok(None)
        }
        [one] if one.parse::<usize>().is_ok_and(|rounds| rounds > 0) => Ok(Some(one.parse()?)),
        _ => {
            let text = format!(
                "bench {name} takes a number of rounds; see cargo xtask bench {name} --help"
            );
            Err(Usage(text).into())
        }
    }
}

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    if let [first, rest @ ..] = arguments {
        match first.as_str() {
            "browser" => return browser::run(site, rest),
            "edge" => return edge::run(site, rest),
            "collector" => return collector::run(site, rest),
            "bytes" => return bytes::run(site, rest),
            _ => {}
        }
    }
    if crate::flags("bench", HELP, [], arguments)?.is_none() {
        return Ok(());
    }
    sizes::print(&dist::build(site)?);
    Ok(())
}
