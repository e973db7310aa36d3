//! One line of a metrics page: a sample with its labels, its value, its time
//! and its exemplar.

use super::Form;
use anyhow::{Context, Result, bail, ensure};

/// A sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The name.
    pub name: String,
    /// Labels in order.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
    /// A request that it stands for.
    pub exemplar: Option<Exemplar>,
}

/// An example of what a sample counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    /// Labels in order.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
    /// Seconds since the Unix epoch.
    pub unix_seconds: Option<f64>,
}

impl Sample {
    /// A label.
    pub fn label(&self, name: &str) -> Option<&str> {
        let label = self.labels.iter().find(|(known, _)| known == name);
        label.map(|(_, value)| value.as_str())
    }
}

/// Reads a line that is a sample.
pub fn sample(line: &str, form: Form) -> Result<Sample> {
    let end = line.find(['{', ' ']).context("no value")?;
    let (name, mut rest) = line.split_at(end);
    ensure!(is_metric_name(name), "no metric's name: {name}");
    let mut read = Vec::new();
    if rest.starts_with('{') {
        (read, rest) = labels(rest)?;
    }
    let rest = rest
        .strip_prefix(' ')
        .context("no space before the value")?;
    let (measured, example) = match rest.split_once(" # ") {
        Some((measured, example)) => (measured, Some(example)),
        None => (rest, None),
    };
    let (value, _) = value_and_time(measured, form)?;
    let exemplar = example.map(|example| exemplar(example, form)).transpose()?;
    Ok(Sample {
        name: name.to_owned(),
        labels: read,
        value,
        exemplar,
    })
}

fn exemplar(text: &str, form: Form) -> Result<Exemplar> {
    ensure!(form == Form::OpenMetrics, "an exemplar in the older format");
    let (labels, rest) = labels(text)?;
    let rest = rest
        .strip_prefix(' ')
        .context("no space before the exemplar's value")?;
    let (value, unix_seconds) = value_and_time(rest, form)?;
    Ok(Exemplar {
        labels,
        value,
        unix_seconds,
    })
}

fn value_and_time(text: &str, form: Form) -> Result<(f64, Option<f64>)> {
    let (value, time) = match text.split_once(' ') {
        Some((value, time)) => (value, Some(time)),
        None => (text, None),
    };
    let time = match (time, form) {
        (None, _) => None,
        (Some(time), Form::OpenMetrics) => Some(number(time)?),
        (Some(time), Form::Prometheus) => Some(time.parse::<i64>()? as f64 / 1000.0),
    };
    ensure!(time.is_none_or(f64::is_finite), "no time: {text}");
    Ok((number(value)?, time))
}

/// Labels in braces, and what follows.
fn labels(text: &str) -> Result<(Vec<(String, String)>, &str)> {
    let mut rest = text.strip_prefix('{').context("no labels")?;
    let mut labels: Vec<(String, String)> = Vec::new();
    if let Some(rest) = rest.strip_prefix('}') {
        return Ok((labels, rest));
    }
    loop {
        let (name, after) = rest.split_once("=\"").context("a label without a value")?;
        ensure!(is_label_name(name), "no label's name: {name}");
        ensure!(
            labels.iter().all(|(known, _)| known != name),
            "the label {name} twice"
        );
        let end = end_of_quoted(after).context("a label's value does not end")?;
        let (value, after) = after.split_at(end);
        labels.push((name.to_owned(), unescaped(value)?));
        let after = after.strip_prefix('"').context("no closing quote")?;
        if let Some(rest) = after.strip_prefix('}') {
            return Ok((labels, rest));
        }
        // No comma behind the last one.
        rest = after.strip_prefix(',').context("no comma between labels")?;
    }
}

fn end_of_quoted(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| match c {
        _ if is_escaped => {
            is_escaped = false;
            None
        }
        '\\' => {
            is_escaped = true;
            None
        }
        '"' => Some(at),
        _ => None,
    })
}

/// A text with `\\`, `\"` and `\n` read; no other escape is one.
pub fn unescaped(text: &str) -> Result<String> {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some(c @ ('\\' | '"')) => c,
                other => bail!("no escape: \\{other:?}"),
            },
            c => c,
        });
    }
    Ok(plain)
}

/// A number as the formats have it: no `inf`, no `nan`, no blanks.
pub fn number(text: &str) -> Result<f64> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        "NaN" => Ok(f64::NAN),
        _ => {
            let fits = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
            ensure!(text.chars().all(fits), "no number: {text}");
            text.parse().with_context(|| format!("no number: {text}"))
        }
    }
}

pub fn is_metric_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    name.chars().all(fits) && name.starts_with(|c: char| !c.is_ascii_digit())
}

fn is_label_name(name: &str) -> bool {
    is_metric_name(name) && !name.contains(':')
}
