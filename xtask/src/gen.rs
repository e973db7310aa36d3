//! `cargo xtask gen`: what documents say is made from Rust, so that nothing that
//! is said twice can differ. A document holds `<!-- gen: NAME -->` and
//! `<!-- end -->`; what stands between is written here, and a few documents are
//! made as a whole.

mod metric_table;
mod option_table;
mod rules;
mod schema;
mod w3c_table;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::cache::files_below;
use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask gen [--check]

Writes the generated parts of documents. With --check, writes nothing and fails
where one is not what it would write.";

/// One generated part of one document, or all of it.
struct Section {
    document: &'static str,
    name: &'static str,
    is_whole: bool,
    make: fn(&Site) -> Result<String>,
}

const SECTIONS: [Section; 6] = [
    Section {
        document: "collector-config/README.md",
        name: "metrics",
        is_whole: false,
        make: metric_table::edge,
    },
    Section {
        document: "collector-config/README.md",
        name: "metrics of pages",
        is_whole: false,
        make: metric_table::browser,
    },
    Section {
        document: "proxy-filter/README.md",
        name: "metrics",
        is_whole: false,
        make: metric_table::edge,
    },
    Section {
        document: "proxy-filter/README.md",
        name: "options",
        is_whole: false,
        make: option_table::make,
    },
    Section {
        document: "proxy-filter/configuration.schema.json",
        name: "definitions",
        is_whole: true,
        make: schema::make,
    },
    Section {
        document: "docs/trace-context.md",
        name: "w3c",
        is_whole: false,
        make: w3c_table::make,
    },
];

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let Some([check]) = crate::flags("gen", HELP, ["--check"], arguments)? else {
        return Ok(());
    };
    let mut stale = Vec::new();
    for section in SECTIONS {
        let path = site.path(section.document);
        let made = (section.make)(site)?;
        let (text, made) = if section.is_whole {
            (fs::read_to_string(&path).unwrap_or_default(), made)
        } else {
            let text =
                fs::read_to_string(&path).with_context(|| format!("read {}", section.document))?;
            let made = replaced(&text, section.name, &made)
                .with_context(|| section.document.to_owned())?;
            (text, made)
        };
        if made == text {
            continue;
        }
        if check {
            stale.push(format!(
                "{}: its {} are out of date: run cargo xtask gen",
                section.document, section.name
            ));
        } else {
            fs::write(&path, made)?;
            println!("{}", section.document);
        }
    }
    stale.extend(rules(site, check)?);
    if !stale.is_empty() {
        bail!("{}", stale.join("\n"));
    }
    Ok(())
}

/// Files that are made as a whole, of which there are as many as sources. One
/// that has no source any more goes.
fn rules(site: &Site, check: bool) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    let made = rules::make(site)?;
    for (document, text) in &made {
        let path = site.path(document);
        if fs::read_to_string(&path).unwrap_or_default() == *text {
            continue;
        }
        if check {
            stale.push(format!("{document}: out of date: run cargo xtask gen"));
        } else {
            fs::write(&path, text).with_context(|| document.clone())?;
            println!("{document}");
        }
    }
    for path in files_below(&site.path(rules::RULES))? {
        if made.iter().any(|(document, _)| site.path(document) == path) {
            continue;
        }
        if check {
            stale.push(format!("{}: made from nothing", path.display()));
        } else {
            fs::remove_file(&path)?;
        }
    }
    Ok(stale)
}

fn replaced(document: &str, name: &str, text: &str) -> Result<String> {
    let begin = format!("<!-- gen: {name} -->\n");
    let (before, rest) = document
        .split_once(&begin)
        .with_context(|| format!("it has no <!-- gen: {name} -->"))?;
    let (_, after) = rest
        .split_once("<!-- end -->")
        .with_context(|| format!("nothing ends <!-- gen: {name} -->"))?;
    Ok(format!("{before}{begin}{text}<!-- end -->{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_rest_kept() {
        let document = "a\n<!-- gen: x -->\nold\n<!-- end -->\nb\n";
        let made = replaced(document, "x", "new\n").expect("the section is there");
        assert_eq!(made, "a\n<!-- gen: x -->\nnew\n<!-- end -->\nb\n");
        assert_eq!(replaced(&made, "x", "new\n").expect("still there"), made);
    }

    #[test]
    fn a_section_that_is_gone_or_open_is_an_error() {
        assert!(replaced("a\n", "x", "").is_err());
        assert!(replaced("<!-- gen: x -->\n", "x", "").is_err());
    }
}
