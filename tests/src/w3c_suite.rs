//! The cases of the public W3C Trace Context suite as `cases/trace_context.txt`
//! tells them, in our words. Who sends them, and to what, is not said here.

use anyhow::{Context, Result, bail};

const TABLE: &str = include_str!("../cases/trace_context.txt");

/// The trace that the cases speak of.
pub const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The caller's span.
pub const SPAN: &str = "00f067aa0ba902b7";

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The suite's method, without `test_`.
    pub name: String,
    /// What is sent.
    pub sent: String,
    /// What must reach the upstream.
    pub expected: String,
    /// Whether Envoy's own tracing passes.
    pub envoy_passes: bool,
    /// The requests.
    pub requests: Vec<Request>,
}

/// A request of a case.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Header lines as they are sent.
    pub headers: Vec<String>,
    /// The trace that must go on; none if one must start.
    pub same: Option<Same>,
}

/// A trace that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Same {
    /// The flags, two digits.
    pub flags: String,
    /// The `tracestate`, if there is one.
    pub state: Option<String>,
}

/// All cases.
pub fn cases() -> Result<Vec<Case>> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let lines: Vec<_> = lines.collect();
    let paragraphs = lines.split(|line| line.is_empty());
    let paragraphs = paragraphs.filter(|lines| !lines.is_empty());
    paragraphs
        .map(|lines| read(lines).with_context(|| format!("the case {}", lines[0])))
        .collect()
}

fn read(lines: &[&str]) -> Result<Case> {
    let field = |name: &str| {
        let value = lines.iter().find_map(|line| line.strip_prefix(name));
        value.with_context(|| format!("no {name}"))
    };
    let mut case = Case {
        name: lines[0].to_owned(),
        sent: field("sent: ")?.to_owned(),
        expected: field("expected: ")?.to_owned(),
        envoy_passes: match field("envoy: ")? {
            "passes" => true,
            "fails" => false,
            other => bail!("Envoy {other}"),
        },
        requests: Vec::new(),
    };
    let mut request = Request::default();
    for line in lines {
        if let Some(header) = line.strip_prefix("> ") {
            request.headers.push(expanded(header)?);
        } else if let Some(outcome) = line.strip_prefix("= ") {
            request.same = match outcome.strip_prefix("same ") {
                None if outcome == "new" => None,
                None => bail!("outcome {outcome}"),
                Some(rest) => {
                    let (flags, state) = rest.split_once(' ').unzip();
                    let state = state.map(expanded).transpose()?;
                    let flags = flags.unwrap_or(rest).to_owned();
                    Some(Same { flags, state })
                }
            };
            case.requests.push(std::mem::take(&mut request));
        }
    }
    if case.requests.is_empty() || !request.headers.is_empty() {
        bail!("no request, or one without an outcome");
    }
    Ok(case)
}

/// The text with ids, repetitions and blanks put in.
fn expanded(text: &str) -> Result<String> {
    let mut text = text.replace("$T", TRACE).replace("$P", SPAN);
    text = text.replace("\\s", " ").replace("\\t", "\t");
    while let Some((before, rest)) = text.split_once("$(") {
        let (repetition, after) = rest.split_once(')').context("an open repetition")?;
        let (what, count) = repetition.split_once('*').context("no count")?;
        text = [before, &what.repeat(count.parse()?), after].concat();
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_case_of_the_suite_once() {
        let cases = cases().unwrap();
        let mut names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((cases.len(), names.len()), (41, 41));
        assert_eq!(cases.iter().filter(|case| case.envoy_passes).count(), 16);
    }

    #[test]
    fn what_stands_for_something_is_put_in() {
        assert_eq!(expanded("a:\\s$(z*3)@$(v*2)\\t").unwrap(), "a: zzz@vv\t");
        assert_eq!(expanded("$T-$P").unwrap(), format!("{TRACE}-{SPAN}"));
        assert!(expanded("$(z*3").is_err() && expanded("$(z)").is_err());
    }
}
