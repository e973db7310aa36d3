//! Rules about files that no compiler knows: each Rust file opens with what it
//! is for, stays readable in one sitting, is named after a concept, and nothing
//! tracked names a package registry's host or a path of somebody's machine.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::site::Site;

const MAX_LINES: usize = 400;
const VAGUE: [&str; 8] = [
    "utils", "util", "helpers", "helper", "common", "manager", "misc", "shared",
];

/// In pieces, so that this file does not name them.
const HOSTS: [[&str; 2]; 12] = [
    ["registry.npm", "js.org"],
    ["registry.yarn", "pkg.com"],
    ["crates", ".io/api"],
    ["index.crates", ".io"],
    ["static.crates", ".io"],
    ["pypi", ".org"],
    ["files.python", "hosted.org"],
    ["proxy.go", "lang.org"],
    ["sum.go", "lang.org"],
    ["deb.debian", ".org"],
    ["security.debian", ".org"],
    ["static.rust", "-lang.org"],
];
const MACHINE_PATHS: [[&str; 2]; 5] = [
    ["/ro", "ot/"],
    ["/wo", "rk/"],
    ["/ho", "me/"],
    ["/Us", "ers/"],
    ["/tm", "p/"],
];

/// Everything untidy in the files that git tracks.
pub fn check(site: &Site) -> Result<Vec<String>> {
    let listed = process::output(
        Command::new("git")
            .args(["ls-files", "-z", "--cached"])
            .current_dir(&site.root),
    )?;
    let mut findings = Vec::new();
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        // A file that is being removed, or that is no text, has nothing to say.
        let Ok(text) = fs::read_to_string(site.path(name)) else {
            continue;
        };
        findings.extend(
            untidy(name, &text)
                .into_iter()
                .map(|what| format!("{name}{what}")),
        );
    }
    Ok(findings)
}

fn untidy(name: &str, text: &str) -> Vec<String> {
    let path = Path::new(name);
    let mut findings = Vec::new();
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or("");
    if extension == "rs" && !text.starts_with("//!") {
        findings.push(": does not open with `//!`: what is it for, what does it leave out?".into());
    }
    if matches!(extension, "rs" | "ts" | "tsx" | "mjs" | "py") {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            findings.push(format!(
                ": {lines} lines, more than {MAX_LINES}: split it by concept"
            ));
        }
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("");
        if VAGUE.contains(&stem.to_lowercase().as_str()) {
            findings.push(": is not named after a concept".into());
        }
    }
    for (number, line) in text.lines().enumerate() {
        let says =
            |pieces: &[[&str; 2]]| pieces.iter().any(|pieces| line.contains(&pieces.concat()));
        if says(&HOSTS) {
            findings.push(format!(
                ":{}: names the host of a package registry",
                number + 1
            ));
        }
        if MACHINE_PATHS
            .iter()
            .any(|pieces| begins_a_path(line, &pieces.concat()))
        {
            findings.push(format!(":{}: names a path of one machine", number + 1));
        }
    }
    findings
}

/// Whether the text stands at the beginning of a path, not within one.
fn begins_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let starts = before.is_none_or(|c| !c.is_alphanumeric() && !"._-~}/)$*:".contains(c));
        starts && after.is_some_and(|c| c.is_alphanumeric() || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tidy_file_has_no_findings() {
        assert_eq!(
            untidy("core/src/trace_context.rs", "//! W3C.\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_rule_finds_its_case() {
        let long = "//! x\n".repeat(MAX_LINES + 1);
        let path = ["cd /ro", "ot/x"].concat();
        let host = ["fetched from pypi", ".org"].concat();
        for (name, text, finding) in [
            ("a/trace.rs", "use x;\n", "does not open"),
            ("a/trace.rs", long.as_str(), "401 lines"),
            ("a/utils.rs", "//! x\n", "named after"),
            ("a/README.md", path.as_str(), ":1: names a path"),
            ("a/README.md", host.as_str(), ":1: names the host"),
        ] {
            let found = untidy(name, text).join("\n");
            assert!(found.contains(finding), "{name}: {found}");
        }
    }

    #[test]
    fn a_folder_within_a_path_is_not_one_of_a_machine() {
        for line in ["examples/ho", "https://example.com/wo", "$HO", "~/wo"] {
            let line = [line, "me/x rk/x"].concat();
            assert!(!begins_a_path(&line, &["/wo", "rk/"].concat()), "{line}");
        }
    }
}
