//! The linter against files that are wrong in one way each, and files that are
//! right: `tests/rulecheck/bad` and `good`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn folder(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rulecheck");
    tests.join(name)
}

fn sources(name: &str) -> Vec<Source> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).unwrap(),
        name: format!("{name}/{}", path.file_name().unwrap().display()),
    };
    paths.into_iter().map(read).collect()
}

/// What a comment at the top of the file asks for: `# with: metrics, tests`.
fn settings(source: &Source) -> Settings {
    let asked: Vec<&str> = source
        .text
        .lines()
        .take(3)
        .filter_map(|line| line.strip_prefix("# with: "))
        .flat_map(|list| list.split(", "))
        .collect();
    let runbooks = || {
        let listed = fs::read_dir(folder("runbooks")).unwrap();
        let names = listed.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<BTreeSet<_>>()
    };
    Settings {
        is_strict: asked.contains(&"metrics"),
        runbooks: asked.contains(&"runbooks").then(runbooks),
        tests: asked.contains(&"tests").then(|| sources("tests")),
        ..Settings::default()
    }
}

/// `LINE: CHECK` of each finding, without repetition.
fn found(source: &Source) -> BTreeSet<String> {
    let outcome = run(std::slice::from_ref(source), &settings(source));
    assert_eq!(outcome.unreadable, [""; 0], "{}", source.name);
    let told = |finding: &Finding| format!("{}: {}", finding.line, finding.check);
    outcome.findings.iter().map(told).collect()
}

#[test]
fn each_mistake_is_found_where_it_stands() {
    let mut differ = Vec::new();
    let mut covered = BTreeSet::new();
    for source in sources("bad") {
        let first = source.text.lines().next().unwrap();
        let expected = first.strip_prefix("# expect: ").expect(&source.name);
        let expected: BTreeSet<String> = expected.split(", ").map(String::from).collect();
        covered.extend(
            expected
                .iter()
                .map(|line| line.split(": ").nth(1).unwrap().to_owned()),
        );
        let found = found(&source);
        for missing in expected.difference(&found) {
            differ.push(format!("{}:{missing} is not found", source.name));
        }
        for other in found.difference(&expected) {
            differ.push(format!("{}:{other} is not expected", source.name));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    let without: Vec<&str> = CHECKS
        .iter()
        .map(|check| check.id)
        .filter(|id| !covered.contains(*id))
        .collect();
    assert!(without.is_empty(), "checks without a bad file: {without:?}");
}

#[test]
fn rules_that_are_right_have_no_findings() {
    for source in sources("good") {
        let outcome = run(std::slice::from_ref(&source), &settings(&source));
        assert_eq!(outcome.unreadable, [""; 0], "{}", source.name);
        assert_eq!(outcome.findings, [], "{}", source.name);
    }
}

fn text(name: &str, text: &str) -> Source {
    Source {
        name: name.into(),
        text: text.into(),
    }
}

#[test]
fn what_is_no_rule_file_is_told_once_and_the_rest_is_checked() {
    for wrong in [
        "",
        "- a list",
        "route: {receiver: a}\nreceivers: []",
        "groups: 3",
        "groups: [{rules: [{expr: up}]}]",
        "groups: [{rules: [{alert: A}]}]",
        "groups: [",
        "services: {prometheus: {image: prom}}",
    ] {
        let good = "groups: [{rules: [{record: a, expr: sum(}]}]";
        let outcome = run(
            &[text("wrong", wrong), text("a", good)],
            &Settings::default(),
        );
        assert_eq!(outcome.unreadable.len(), 1, "{wrong}");
        let told = &outcome.unreadable[0];
        assert!(
            told.starts_with("wrong: not a Prometheus rule file"),
            "{told}"
        );
        assert!(!told.contains('\n'), "{told}");
        assert_eq!(outcome.findings[0].check, "syntax", "{wrong}");
    }
}

#[test]
fn recorded_names_of_one_file_are_known_in_another() {
    let records = text("a", "groups: [{rules: [{record: 'a:b', expr: sum(up)}]}]");
    let uses = text("b", "groups: [{rules: [{record: 'c:d', expr: 'a:b + 1'}]}]");
    let settings = Settings {
        is_strict: true,
        ..Settings::default()
    };
    let unknown = |files: &[Source]| run(files, &settings).findings.len();
    assert_eq!(unknown(&[records, uses.clone()]), 0);
    assert_eq!(unknown(&[uses]), 1);
}

#[test]
fn an_unknown_name_comes_with_the_nearest_that_is_known() {
    let rules = "groups: [{rules: [{record: a, expr: 'sightline_edge_span_queued + 1'}]}]";
    let outcome = run(&[text("a", rules)], &Settings::default());
    let message = &outcome.findings[0].message;
    assert!(
        message.contains("`sightline_edge_spans_queued`?"),
        "{message}"
    );
}

#[test]
fn findings_are_sorted_and_a_check_can_be_left_out() {
    let down = "groups: [{rules: [{alert: A, expr: up == 0}]}]";
    let files = [text("b", down), text("a", down)];
    let all = run(&files, &Settings::default()).findings;
    assert!(all.is_sorted());
    let skipped = vec!["missing-for".to_owned()];
    let settings = Settings {
        skipped,
        ..Settings::default()
    };
    let fewer = run(&files, &settings).findings;
    assert!(all.iter().any(|finding| finding.check == "missing-for"));
    assert!(fewer.iter().all(|finding| finding.check != "missing-for"));
    assert!(!fewer.is_empty());
}

#[test]
fn no_check_is_named_twice_and_each_has_a_reason() {
    let ids: BTreeSet<&str> = CHECKS.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), CHECKS.len());
    assert!(CHECKS.iter().all(|check| check.why.ends_with('.')));
}

#[test]
fn the_page_lists_every_check() {
    let page = include_str!("../../rulecheck.md");
    for check in CHECKS {
        let row = format!("| `{}` | {} |\n", check.id, check.why);
        assert!(page.contains(&row), "rulecheck.md is to have: {row}");
    }
}
