//! `cargo xtask gen`: what documents say is made from Rust, so that nothing that
//! is said twice can differ. A document holds `<!-- gen: NAME -->` and
//! `<!-- end -->`, of YAML `# gen: NAME` and `# end`; what stands between is written
//! here, and a few documents are made as a whole.

mod addresses;
mod dashboards;
mod deploy;
mod metric_table;
mod option_table;
mod redaction;
mod rules;
mod schema;
mod vitals;
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

const SECTIONS: [Section; 16] = [
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
        document: "collector-config/README.md",
        name: "metrics of the ledger",
        is_whole: false,
        make: metric_table::ledger,
    },
    Section {
        document: "collector-config/README.md",
        name: "dashboards",
        is_whole: false,
        make: dashboards::table,
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
        document: "collector-config/collector/intake.yaml",
        name: "vitals",
        is_whole: false,
        make: vitals::conditions,
    },
    Section {
        document: "collector-config/collector/intake.yaml",
        name: "bounds of vitals",
        is_whole: false,
        make: vitals::statements,
    },
    Section {
        document: "collector-config/collector/intake.yaml",
        name: "redaction",
        is_whole: false,
        make: redaction::make,
    },
    Section {
        document: "collector-config/collector/intake.yaml",
        name: "redaction of texts",
        is_whole: false,
        make: redaction::of_spans,
    },
    Section {
        document: "collector-config/collector/intake.yaml",
        name: "redaction of names",
        is_whole: false,
        make: redaction::of_events,
    },
    Section {
        document: "collector-config/collector/intake.yaml",
        name: "addresses",
        is_whole: false,
        make: addresses::make,
    },
    Section {
        document: deploy::COMPOSE_EDGE,
        name: "parts",
        is_whole: true,
        make: deploy::compose_edge,
    },
    Section {
        document: deploy::KUBERNETES_EDGE,
        name: "parts",
        is_whole: true,
        make: deploy::kubernetes_edge,
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
    let mut output = Output {
        site,
        check,
        stale: Vec::new(),
    };
    for section in SECTIONS {
        let document = section.document;
        let mut made = (section.make)(site)?;
        if !section.is_whole {
            let text = fs::read_to_string(site.path(document))
                .with_context(|| format!("read {document}"))?;
            let marks = marks(document, section.name);
            made = replaced(&text, &marks, &made).with_context(|| document.to_owned())?;
        }
        let what = format!("{document}: its {} are", section.name);
        output.put(document, &made, &what)?;
    }
    // Files that are made as a whole, of which there are as many as sources.
    let rules = rules::make(site)?;
    for (document, text) in &rules {
        output.put(document, text, &format!("{document}:"))?;
    }
    output.remove_others(rules::RULES, &rules)?;
    let dashboards = dashboards::make(site, &rules)?;
    for (document, text) in &dashboards {
        output.put(document, text, &format!("{document}:"))?;
    }
    output.remove_others(dashboards::FOLDER, &dashboards)?;
    for (document, of_cluster) in [
        (deploy::KUBERNETES_RULES, false),
        (deploy::CLUSTER_RULES, true),
    ] {
        let resources = deploy::kubernetes_rules(&rules, of_cluster);
        output.put(document, &resources, &format!("{document}: its rules are"))?;
    }
    if !output.stale.is_empty() {
        bail!("{}", output.stale.join("\n"));
    }
    Ok(())
}

/// Where documents go: to their files, or into a comparison with these.
struct Output<'a> {
    site: &'a Site,
    check: bool,
    stale: Vec<String>,
}

impl Output<'_> {
    /// A document as it is to be; `what` begins the sentence that it is not so.
    fn put(&mut self, document: &str, text: &str, what: &str) -> Result<()> {
        let path = self.site.path(document);
        if fs::read_to_string(&path).unwrap_or_default() == text {
            return Ok(());
        }
        if self.check {
            let stale = format!("{what} out of date: run cargo xtask gen");
            self.stale.push(stale);
        } else {
            fs::write(&path, text).with_context(|| document.to_owned())?;
            println!("{document}");
        }
        Ok(())
    }

    /// What has no source any more goes.
    fn remove_others(&mut self, folder: &str, made: &[(String, String)]) -> Result<()> {
        for path in files_below(&self.site.path(folder))? {
            let is_made = |(document, _): &(String, String)| self.site.path(document) == path;
            if made.iter().any(is_made) {
                continue;
            }
            if self.check {
                let stale = format!("{}: made from nothing", path.display());
                self.stale.push(stale);
            } else {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

/// What begins a part of this document, and what ends it.
fn marks(document: &str, name: &str) -> [String; 2] {
    let mark = |words: &str| match document.ends_with(".yaml") {
        true => format!("# {words}\n"),
        false => format!("<!-- {words} -->\n"),
    };
    [mark(&format!("gen: {name}")), mark("end")]
}

fn replaced(document: &str, [begin, end]: &[String; 2], text: &str) -> Result<String> {
    let (before, rest) = document
        .split_once(begin)
        .with_context(|| format!("it has no {begin}"))?;
    let (old, after) = rest
        .split_once(end)
        .with_context(|| format!("nothing ends {begin}"))?;
    let indent = old.rsplit('\n').next().unwrap_or_default();
    Ok(format!("{before}{begin}{text}{indent}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_rest_kept() {
        let document = "a\n<!-- gen: x -->\nold\n<!-- end -->\nb\n";
        let marks = marks("a.md", "x");
        let made = replaced(document, &marks, "new\n").expect("the section is there");
        assert_eq!(made, "a\n<!-- gen: x -->\nnew\n<!-- end -->\nb\n");
        assert_eq!(replaced(&made, &marks, "new\n").expect("still there"), made);
    }

    #[test]
    fn a_section_that_is_gone_or_open_is_an_error() {
        let marks = marks("a.md", "x");
        assert!(replaced("a\n", &marks, "").is_err());
        assert!(replaced("<!-- gen: x -->\n", &marks, "").is_err());
    }
}
