//! `cargo xtask gen`: what documents say is made from Rust, so that nothing that
//! is said twice can differ. A document holds `<!-- gen: NAME -->` and
//! `<!-- end -->`; what stands between is written here.

use std::fs;

use anyhow::{Context, Result, bail};
use sightline_core::metric;

use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask gen [--check]

Writes the generated parts of documents. With --check, writes nothing and fails
where one is not what it would write.";

/// One generated part of one document.
struct Section {
    document: &'static str,
    name: &'static str,
    make: fn(&Site) -> Result<String>,
}

const SECTIONS: [Section; 2] = [
    Section {
        document: "collector-config/README.md",
        name: "metrics",
        make: metrics,
    },
    Section {
        document: "proxy-filter/README.md",
        name: "metrics",
        make: metrics,
    },
];

pub fn run(site: &Site, arguments: &[String]) -> Result<()> {
    let Some([check]) = crate::flags("gen", HELP, ["--check"], arguments)? else {
        return Ok(());
    };
    let mut stale = Vec::new();
    for section in SECTIONS {
        let path = site.path(section.document);
        let text =
            fs::read_to_string(&path).with_context(|| format!("read {}", section.document))?;
        let made = replaced(&text, section.name, &(section.make)(site)?)
            .with_context(|| section.document.to_owned())?;
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
    if !stale.is_empty() {
        bail!("{}", stale.join("\n"));
    }
    Ok(())
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

/// A table of the edge's metrics.
fn metrics(_: &Site) -> Result<String> {
    let mut table = "| metric | labels | what it is |\n|---|---|---|\n".to_owned();
    for metric in metric::EDGE {
        let labels = metric.labels.iter().map(|label| {
            let values = metric::values_of(metric, label);
            let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
            match values.is_empty() {
                true => format!("`{label}`"),
                false => format!("`{label}`: {}", values.join(", ")),
            }
        });
        let labels: Vec<_> = labels.collect();
        table += &format!(
            "| `{}` | {} | {} |\n",
            metric.name,
            labels.join(", "),
            metric.help
        );
    }
    Ok(table)
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
