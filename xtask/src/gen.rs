//! `cargo xtask gen`: what documents say is made from Rust, so that nothing that
//! is said twice can differ. A document holds `<!-- gen: NAME -->` and
//! `<!-- end -->`; what stands between is written here.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};
use sightline_tests::w3c_suite;

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
        document: "docs/trace-context.md",
        name: "w3c",
        make: w3c,
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

/// A table of the metrics in `core/src/names.rs`, with their documentation.
fn metrics(site: &Site) -> Result<String> {
    let source = fs::read_to_string(site.path("core/src/names.rs"))?;
    let constants = constants(&source);
    let values: BTreeMap<&str, &str> = constants
        .iter()
        .map(|(name, value, _)| (*name, *value))
        .collect();
    let mut table = "| metric | what it is |\n|---|---|\n".to_owned();
    for (_, value, documentation) in &constants {
        if value.starts_with("http_") || value.starts_with("sightline_") {
            table += &format!("| `{value}` | {} |\n", linked(documentation, &values));
        }
    }
    Ok(table)
}

/// A table of the cases of the W3C suite.
fn w3c(_: &Site) -> Result<String> {
    let cases = w3c_suite::cases()?;
    let envoy = cases.iter().filter(|case| case.envoy_passes).count();
    let count = cases.len();
    let mut table = format!(
        "| case | sent | must reach the upstream | filter ({count} of {count}) \
         | Envoy's own tracing ({envoy} of {count}) |\n|---|---|---|---|---|\n"
    );
    for case in &cases {
        let verdict = if case.envoy_passes { "passes" } else { "fails" };
        table += &format!(
            "| `{}` | {} | {} | passes | {verdict} |\n",
            case.name, case.sent, case.expected
        );
    }
    Ok(table)
}

/// Name, value and documentation of each public text constant.
fn constants(source: &str) -> Vec<(&str, &str, String)> {
    let mut constants = Vec::new();
    let mut documentation = Vec::new();
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("///") {
            documentation.push(text.trim());
            continue;
        }
        let constant = line.strip_prefix("pub const ").and_then(|rest| {
            let (name, value) = rest.split_once(": &str = \"")?;
            Some((name, value.strip_suffix("\";")?))
        });
        if let Some((name, value)) = constant {
            constants.push((name, value, documentation.join(" ")));
        }
        documentation.clear();
    }
    constants
}

/// Links to other constants become what those constants say.
fn linked(documentation: &str, values: &BTreeMap<&str, &str>) -> String {
    let mut text = documentation.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("[`{name}`]"), &format!("`{value}`"));
    }
    text
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

    #[test]
    fn constants_carry_their_documentation_with_links_resolved() {
        let source = "/// Counts by\n/// [`LABEL`].\npub const COUNT: &str = \"http_x\";\n\n\
                      /// A label.\npub const LABEL: &str = \"label\";\nconst PRIVATE: &str = \"x\";\n";
        let found = constants(source);
        assert_eq!(found.len(), 2);
        let values = found
            .iter()
            .map(|(name, value, _)| (*name, *value))
            .collect();
        assert_eq!(linked(&found[0].2, &values), "Counts by `label`.");
    }
}
