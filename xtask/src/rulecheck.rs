//! `cargo xtask rulecheck`: Prometheus rule files against the mistakes that
//! promtool lets pass. Here: arguments and printing; the checks are in
//! `collector-config/src/check.rs`.

mod sources;

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::json;
use sightline_rules::check::{self, CHECKS, Finding, SEVERITIES, Settings, Source, runbook};

use crate::Usage;
use crate::site::Site;

const HELP: &str = "\
Usage: cargo xtask rulecheck [options] FILE|FOLDER…

Finds mistakes in Prometheus rule files and PrometheusRule resources that
`promtool check rules` lets pass. All files given count as one set. One line for
each finding: file:line: rule: what and why [check]. Exit code 0: none; 1: some;
2: something can't be read as what it was given as.

  --metrics FILE      a list of known metrics in YAML, `- {name: up, kind: gauge}`:
                      every metric that is neither known nor recorded is a finding
  --runbooks FOLDER   the pages that runbook_url links to, one file each
  --tests FILE|FOLDER files of `promtool test rules`: every alert is to be seen firing
                      and quiet
  --severities A,B    the severities that are routed
  --skip CHECK        leave a check out
  --format json       an array of objects: file, line, rule, check, message

--metrics, --tests and --skip can be given more than once. A comment within a rule,
`# rulecheck: allow CHECK: REASON`, takes one finding of it back.

Checks:";

#[derive(Default)]
struct Asked {
    settings: Settings,
    files: Vec<String>,
    is_json: bool,
}

pub fn run(arguments: &[String]) -> Result<()> {
    if arguments
        .iter()
        .any(|argument| matches!(argument.as_str(), "--help" | "-h"))
    {
        println!("{HELP}");
        for check in CHECKS {
            println!("  {}\n      {}", check.id, check.why);
        }
        println!("\nSeverities by default: {}.", SEVERITIES.join(", "));
        return Ok(());
    }
    let asked = asked(arguments)?;
    let sources = sources::read(&asked.files)?;
    let outcome = check::run(&sources, &asked.settings);
    if asked.is_json {
        println!("{}", as_json(&outcome.findings)?);
    } else {
        for finding in &outcome.findings {
            println!("{}", line(finding));
        }
    }
    if !outcome.unreadable.is_empty() {
        return Err(Usage(outcome.unreadable.join("\n")).into());
    }
    match outcome.findings.len() {
        0 => Ok(()),
        1 => bail!("1 finding"),
        many => bail!("{many} findings"),
    }
}

/// What is wrong with our own rules and runbooks, by the strictest settings.
pub fn of_ours(site: &Site) -> Result<Vec<String>> {
    let folder = |name: &str| site.path("collector-config").join(name);
    // Names as somebody at the repository's root types them.
    let relative = |mut sources: Vec<Source>| {
        for source in &mut sources {
            let path = Path::new(&source.name);
            let path = path.strip_prefix(&site.root).unwrap_or(path);
            source.name = path.display().to_string();
        }
        sources
    };
    let rules = relative(sources::yaml_of(&folder("rules"))?);
    let pages = relative(sources::pages_of(&folder("runbooks"))?);
    let settings = Settings {
        is_strict: true,
        severities: ["page", "chat", "ticket"].map(String::from).to_vec(),
        runbooks: Some(sources::names_of(&folder("runbooks"))?),
        tests: Some(relative(sources::yaml_of(&folder("tests"))?)),
        ..Settings::default()
    };
    let outcome = check::run(&rules, &settings);
    let exists = |path: &str| folder("runbooks").join(path).exists();
    let of_pages = runbook::run(&pages, &rules, &settings, &exists);
    let findings = outcome.findings.iter().chain(&of_pages).map(line);
    Ok(outcome.unreadable.iter().cloned().chain(findings).collect())
}

fn asked(arguments: &[String]) -> Result<Asked> {
    let mut asked = Asked::default();
    let mut arguments = arguments.iter();
    let mut tests = Vec::new();
    while let Some(argument) = arguments.next() {
        if !argument.starts_with("--") {
            asked.files.push(argument.clone());
            continue;
        }
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (argument.as_str(), arguments.next().map(String::as_str)),
        };
        let known = [
            "--metrics",
            "--runbooks",
            "--tests",
            "--severities",
            "--skip",
            "--format",
        ];
        if !known.contains(&flag) {
            return Err(wrong(format!(
                "rulecheck takes no `{flag}`; see cargo xtask rulecheck --help"
            )));
        }
        let Some(value) = value else {
            return Err(wrong(format!("{flag} is to be followed by a value")));
        };
        match flag {
            "--metrics" => {
                let registry = &mut asked.settings.registry;
                let text = sources::text_of(Path::new(value))?;
                registry
                    .extend_from_yaml(&text)
                    .map_err(|error| wrong(format!("{value}: {error:#}")))?;
                asked.settings.is_strict = true;
            }
            "--runbooks" => {
                let names = sources::names_of(Path::new(value));
                let names = names.map_err(|error| wrong(format!("{error:#}")));
                asked.settings.runbooks = Some(names?);
            }
            "--tests" => tests.push(value.to_owned()),
            "--severities" => {
                let names = value.split(',').map(|name| name.trim().to_owned());
                asked.settings.severities = names.filter(|name| !name.is_empty()).collect();
            }
            "--skip" => {
                if !CHECKS.iter().any(|check| check.id == value) {
                    return Err(wrong(format!("no check `{value}`")));
                }
                asked.settings.skipped.push(value.to_owned());
            }
            _ => {
                asked.is_json = match value {
                    "json" => true,
                    "text" => false,
                    other => return Err(wrong(format!("no format `{other}`: text or json"))),
                }
            }
        }
    }
    if asked.files.is_empty() {
        return Err(wrong(
            "no file given; see cargo xtask rulecheck --help".into(),
        ));
    }
    if !tests.is_empty() {
        // Folders within one of tests hold what the tests read.
        asked.settings.tests = Some(sources::listed(&tests, sources::yaml_of)?);
    }
    Ok(asked)
}

fn wrong(what: String) -> anyhow::Error {
    Usage(what).into()
}

fn line(finding: &Finding) -> String {
    let Finding {
        file,
        line,
        rule,
        check,
        message,
    } = finding;
    format!("{file}:{line}: {rule}: {message} [{check}]")
}

fn as_json(findings: &[Finding]) -> Result<String> {
    let objects: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "file": finding.file,
                "line": finding.line,
                "rule": finding.rule,
                "check": finding.check,
                "message": finding.message,
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&objects)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(arguments: &[&str]) -> Vec<String> {
        arguments
            .iter()
            .map(|argument| (*argument).into())
            .collect()
    }

    #[test]
    fn arguments_that_mean_nothing_are_usage_errors() {
        for arguments in [
            &[][..],
            &["--frmat", "json", "a.yaml"],
            &["--format", "xml", "a.yaml"],
            &["a.yaml", "--skip"],
            &["--skip", "counter-rw", "a.yaml"],
            &["--metrics", "no/such/file.yaml", "a.yaml"],
            &["--runbooks", "no/such/folder", "a.yaml"],
        ] {
            let error = asked(&strings(arguments)).err().expect("is refused");
            assert!(error.is::<Usage>(), "{arguments:?}: {error:#}");
        }
    }

    /// None: nothing found. Some(false): findings. Some(true): exit code 2.
    fn ended(arguments: &[&str]) -> Option<bool> {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../collector-config/tests/rulecheck"
        );
        let arguments = arguments
            .iter()
            .map(|argument| argument.replace('~', folder))
            .collect::<Vec<_>>();
        let error = run(&arguments).err()?;
        Some(error.is::<Usage>())
    }

    #[test]
    fn findings_unreadable_files_and_nothing_end_differently() {
        assert_eq!(ended(&["~/good/vitals.yaml"]), None);
        assert_eq!(ended(&["~/bad/fid.yaml"]), Some(false));
        assert_eq!(ended(&["~/bad/fid.yaml", "--skip", "fid"]), None);
        assert_eq!(
            ended(&["~/bad/syntax.yaml", "--format", "json"]),
            Some(false)
        );
        // A test file of promtool is no rule file, nor is a folder without files.
        assert_eq!(ended(&["~/tests/proven.yaml"]), Some(true));
        assert_eq!(ended(&["~/runbooks"]), Some(true));
        assert_eq!(ended(&["~/no-such-file.yaml"]), Some(true));
        assert_eq!(ended(&["~/bad"]), Some(false), "a folder is searched");
        let proven = "~/good/proven.yaml";
        let with = ["--runbooks", "~/runbooks", "--tests", "~/tests"];
        assert_eq!(ended(&[&[proven][..], &with].concat()), None);
    }

    #[test]
    fn flags_are_taken_with_a_space_and_with_a_sign() {
        let arguments = ["--format=json", "a.yaml", "--severities", "p1, p2"];
        let asked = asked(&strings(&arguments)).expect("is understood");
        assert!(asked.is_json);
        assert_eq!(asked.files, ["a.yaml"]);
        assert_eq!(asked.settings.severities, ["p1", "p2"]);
    }

    #[test]
    fn a_finding_is_one_line_and_one_object() {
        let finding = Finding {
            file: "a.yaml".into(),
            line: 7,
            rule: "Cpu".into(),
            check: "counter-raw",
            message: "\"x\" is raw".into(),
        };
        assert_eq!(line(&finding), "a.yaml:7: Cpu: \"x\" is raw [counter-raw]");
        let parsed: serde_json::Value =
            serde_json::from_str(&as_json(&[finding]).expect("is JSON")).expect("parses");
        let expected = json!([{"file": "a.yaml", "line": 7, "rule": "Cpu",
            "check": "counter-raw", "message": "\"x\" is raw"}]);
        assert_eq!(parsed, expected);
    }
}
