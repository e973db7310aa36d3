//! Our runbooks: a page for each alert, all in one shape, so that whoever is woken
//! finds the first three checks without reading the rest. Links are to lead
//! somewhere, and queries are checked as the expressions of rules are. Whether an
//! alert has a page is a check of the alert.

use super::document::{self, Rule};
use super::{Context, Finding, Settings, Source, look, parse, proof};
use std::collections::BTreeSet;

/// What every page has, in this order.
const SECTIONS: [&str; 5] = [
    "Meaning",
    "Impact",
    CHECKS,
    "Causes and fixes",
    "Escalation",
];
const CHECKS: &str = "First three checks";
const TABLE: [&str; 2] = ["| cause | fix |", "|---|---|"];
const ON_CALL: &str = "](../on-call.md";

/// Checks pages. `rules` record metrics that queries may name; `exists` says whether
/// there is a file at a path relative to the pages.
pub fn run(
    pages: &[Source],
    rules: &[Source],
    settings: &Settings,
    exists: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    // What can't be read is told where the rules are checked.
    let read = rules.iter().filter_map(|file| document::read(file).ok());
    let rules: Vec<Rule> = read.flat_map(|read| read.rules).collect();
    let context = Context::new(settings, &rules, BTreeSet::new(), proof::Tests::default());
    let mut findings: Vec<Finding> = pages
        .iter()
        .flat_map(|source| Page::read(source).findings(&context, exists))
        .collect();
    findings.sort();
    findings
}

/// A line and a message.
type Problem = (usize, String);

struct Line<'a> {
    number: usize,
    text: &'a str,
    /// The language of the block of code that it is in.
    code: Option<&'a str>,
}

struct Page<'a> {
    file: &'a str,
    /// The alert's name.
    name: &'a str,
    lines: Vec<Line<'a>>,
}

impl<'a> Page<'a> {
    fn read(source: &'a Source) -> Self {
        let mut code = None;
        let mut lines = Vec::new();
        for (at, text) in source.text.lines().enumerate() {
            let fence = text.trim_start().strip_prefix("```");
            match (fence, code) {
                (Some(language), None) => code = Some(language.trim()),
                (Some(_), Some(_)) => code = None,
                (None, _) => lines.push(Line {
                    number: at + 1,
                    text,
                    code,
                }),
            }
        }
        let file = source.name.rsplit('/').next().unwrap_or_default();
        Self {
            file: &source.name,
            name: file.strip_suffix(".md").unwrap_or(file),
            lines,
        }
    }

    fn findings(&self, context: &Context, exists: &dyn Fn(&str) -> bool) -> Vec<Finding> {
        let of = |check: &'static str| {
            move |(line, message): Problem| Finding {
                file: self.file.to_owned(),
                line: line as u64,
                rule: self.name.to_owned(),
                check,
                message,
            }
        };
        let mut findings: Vec<Finding> =
            self.shape().into_iter().map(of("runbook-shape")).collect();
        findings.extend(self.links(exists).into_iter().map(of("runbook-link")));
        for query in self.queries() {
            match query {
                Err(problem) => findings.push(of("runbook-shape")(problem)),
                Ok(rule) => match parse(&rule) {
                    Err(finding) => findings.push(finding),
                    Ok(expr) => findings.extend(look(context, &rule, &expr)),
                },
            }
        }
        findings
    }

    fn shape(&self) -> Vec<Problem> {
        let title = format!("# {}", self.name);
        let is_heading = |line: &&Line| line.code.is_none() && line.text.starts_with('#');
        let mut headings = self.lines.iter().filter(is_heading);
        if headings.next().is_none_or(|line| line.text != title) {
            return vec![(1, format!("it is to begin with `{title}`"))];
        }
        let headings: Vec<&Line> = headings.collect();
        for (at, section) in SECTIONS.iter().enumerate() {
            let heading = headings.get(at).copied();
            if heading.is_none_or(|line| line.text.strip_prefix("## ") != Some(section)) {
                let line = heading.or(self.lines.last()).map_or(1, |line| line.number);
                return vec![(line, format!("`## {section}` is to stand here"))];
            }
        }
        if let Some(other) = headings.get(SECTIONS.len()) {
            return vec![(other.number, format!("`{}` is one too many", other.text))];
        }
        let ends = headings.iter().skip(1).map(|line| line.number);
        let sections = headings.iter().zip(ends.chain([usize::MAX]));
        sections
            .flat_map(|(heading, end)| {
                let is_within = |line: &&Line| (heading.number + 1..end).contains(&line.number);
                let body: Vec<&Line> = self.lines.iter().filter(is_within).collect();
                section(heading, &body)
            })
            .collect()
    }

    fn links(&self, exists: &dyn Fn(&str) -> bool) -> Vec<Problem> {
        let prose = self.lines.iter().filter(|line| line.code.is_none());
        let links = prose.flat_map(|line| {
            let targets = line.text.split("](").skip(1);
            targets.filter_map(|rest| Some((line.number, rest.split_once(')')?.0)))
        });
        links
            .filter(|(_, target)| !target.contains("://"))
            .filter(|(_, target)| {
                let path = target.split('#').next().unwrap_or_default();
                !path.is_empty() && !exists(path)
            })
            .map(|(line, target)| (line, format!("there is no `{target}`")))
            .collect()
    }

    /// What promtool is given to ask, and blocks of PromQL.
    fn queries(&self) -> Vec<Result<Rule, Problem>> {
        let mut queries = Vec::new();
        let blocks = self
            .lines
            .chunk_by(|line, next| line.code == next.code && line.number + 1 == next.number);
        for block in blocks {
            let Some(first) = block.first() else {
                continue;
            };
            let text: Vec<&str> = block.iter().map(|line| line.text).collect();
            match first.code {
                Some("promql") => queries.push(Ok(self.query(first.number, &text.join("\n")))),
                Some(_) => queries.extend(self.asked(first.number, &text.join("\n"))),
                None => {}
            }
        }
        queries
    }

    /// The queries of a script that begins at this line.
    fn asked(&self, first: usize, script: &str) -> Vec<Result<Rule, Problem>> {
        let commands = script.match_indices("promtool query ");
        commands
            .map(|(at, _)| {
                let (before, command) = script.split_at(at);
                let line = first + before.matches('\n').count();
                let opens = command
                    .lines()
                    .next()
                    .is_some_and(|line| line.contains('\''));
                let quoted = command.split('\'').nth(1).filter(|_| opens);
                quoted
                    .map(|text| self.query(line, text))
                    .ok_or((line, "the query is to stand in single quotes".to_owned()))
            })
            .collect()
    }

    /// A query, as a rule that is no alert.
    fn query(&self, line: usize, text: &str) -> Rule {
        Rule {
            file: self.file.to_owned(),
            name: self.name.to_owned(),
            is_alert: false,
            line: line as u64,
            text: text.to_owned(),
            expr_line: line as u64,
            hold: String::new(),
            labels: Default::default(),
            annotations: Default::default(),
        }
    }
}

/// What is wrong with the text of a section.
fn section(heading: &Line, body: &[&Line]) -> Vec<Problem> {
    let here = |what: &str| vec![(heading.number, what.to_owned())];
    if body.iter().all(|line| line.text.trim().is_empty()) {
        return here("nothing stands below it");
    }
    match heading.text.trim_start_matches("## ") {
        CHECKS => three_checks(heading, body),
        "Causes and fixes" => {
            let rows = body.iter().map(|line| line.text);
            let mut rows = rows.filter(|text| text.starts_with('|'));
            let has_head = TABLE.iter().all(|head| rows.next() == Some(head));
            match has_head && rows.next().is_some() {
                true => Vec::new(),
                false => here("a table of `cause` and `fix` is to stand below it"),
            }
        }
        "Escalation" if !body.iter().any(|line| line.text.contains(ON_CALL)) => {
            here("it is to link `../on-call.md`")
        }
        _ => Vec::new(),
    }
}

fn three_checks(heading: &Line, body: &[&Line]) -> Vec<Problem> {
    let number = |line: &Line| {
        let (number, _) = line.text.split_once(". ")?;
        number.parse::<usize>().ok().filter(|_| line.code.is_none())
    };
    let numbered = |(at, line): (usize, &&Line)| Some((at, number(line)?));
    let (begins, numbers): (Vec<_>, Vec<_>) = body.iter().enumerate().filter_map(numbered).unzip();
    if numbers != [1, 2, 3] {
        let what = "three checks are to stand below it, numbered from 1";
        return vec![(heading.number, what.to_owned())];
    }
    let ends = begins.iter().skip(1).copied().chain([body.len()]);
    let checks = begins
        .iter()
        .zip(ends)
        .map(|(begin, end)| &body[*begin..end]);
    let is_command = |line: &&Line| line.code.is_some() && !line.text.trim().is_empty();
    checks
        .filter(|check| !check.iter().any(is_command))
        .map(|check| (check[0].number, "a check without a command".to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r##"# Slow

## Meaning

Requests take long: see [another](Other.md) and [elsewhere](https://example.com/x.md).

## Impact

People wait.

## First three checks

1. Which routes?

   ```sh
   # The slowest first.
   promtool query instant "$PROMETHEUS" 'topk(3, job:slow:ratio)'
   promtool query range --step 5m "$PROMETHEUS" 'sum by (job) (
     rate(http_requests_total[5m])
   )' | tail -1
   ```

2. Since when?

   ```promql
   sum(rate(http_requests_total{method="GET"}[5m]))
   ```

3. Does it run?

   ```sh
   curl -s "$ENVOY_ADMIN/ready"
   ```

## Causes and fixes

| cause | fix |
|---|---|
| load | more of it |

## Escalation

The primary: [on-call](../on-call.md#pages).
"##;

    fn found(text: &str) -> BTreeSet<String> {
        let source = |name: &str, text: &str| Source {
            name: name.into(),
            text: text.into(),
        };
        let settings = Settings {
            is_strict: true,
            ..Settings::default()
        };
        let rules = "groups: [{rules: [{record: 'job:slow:ratio', expr: up}]}]";
        let findings = run(
            &[source("pages/Slow.md", text)],
            &[source("rules/a.yaml", rules)],
            &settings,
            &|path| matches!(path, "Other.md" | "../on-call.md"),
        );
        let told = findings.iter().map(|found| {
            assert_eq!(
                (found.file.as_str(), found.rule.as_str()),
                ("pages/Slow.md", "Slow")
            );
            format!("{}: {}", found.line, found.check)
        });
        told.collect()
    }

    #[test]
    fn a_page_in_our_shape_has_no_findings() {
        assert_eq!(found(GOOD), BTreeSet::new());
    }

    #[test]
    fn each_mistake_of_a_page_is_found_where_it_stands() {
        for (good, bad, expected) in [
            ("# Slow\n", "# Fast\n", "1: runbook-shape"),
            ("# Slow\n", "Slow\n", "1: runbook-shape"),
            ("## Impact", "## Effect", "7: runbook-shape"),
            ("## Impact\n\nPeople wait.\n\n", "", "7: runbook-shape"),
            ("People wait.", "", "7: runbook-shape"),
            ("## Escalation", "Escalation", "43: runbook-shape"),
            ("The primary", "## More\n\nThe primary", "43: runbook-shape"),
            ("3. Does", "Does", "11: runbook-shape"),
            ("3. Does", "4. Does", "11: runbook-shape"),
            ("## Causes", "4. Else?\n\n## Causes", "11: runbook-shape"),
            (
                "   curl -s \"$ENVOY_ADMIN/ready\"\n",
                "",
                "29: runbook-shape",
            ),
            ("| load | more of it |\n", "", "35: runbook-shape"),
            ("| cause | fix |", "| cause | cure |", "35: runbook-shape"),
            ("[on-call](../on-call.md#pages)", "Eve", "41: runbook-shape"),
            ("(Other.md)", "(Others.md)", "5: runbook-link"),
            ("'topk(3, job:slow:ratio)'", "up", "17: runbook-shape"),
            ("topk(3, job", "topk(3 job", "17: syntax"),
            ("job:slow:ratio", "job:fast:ratio", "17: unknown-metric"),
            (
                "     rate(http_requests",
                "     rate(http_request",
                "18: unknown-metric",
            ),
            ("sum(rate(", "sum(rate((", "26: syntax"),
            ("{method=", "{verb=", "26: unknown-label"),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let page = GOOD.replacen(good, bad, 1);
            assert_eq!(found(&page), BTreeSet::from([expected.to_owned()]), "{bad}");
        }
    }
}
