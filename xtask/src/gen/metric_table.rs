//! A table of the metrics, from the constants that name them.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;

use crate::site::Site;

/// A table of the metrics in `core/src/names.rs`, with their documentation.
pub fn make(site: &Site) -> Result<String> {
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
