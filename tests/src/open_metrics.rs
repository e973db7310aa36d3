//! A strict reader of metrics pages: OpenMetrics 1.0
//! ([specification](https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md))
//! and the older Prometheus text format. A scraper forgives much; this forgives
//! nothing, so that any scraper will do. Beyond the specification it wants a
//! type and a help text for every family, and each exemplar in its bucket.

mod line;

pub use line::{Exemplar, Sample, sample};

use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// The most characters of an exemplar's label names and values together.
const MAX_EXEMPLAR_CHARS: usize = 128;

/// The form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus text format 0.0.4.
    Prometheus,
}

/// Metrics of one name.
#[derive(Debug, Clone, Default)]
pub struct Family {
    /// The name, without what a sample's name adds.
    pub name: String,
    /// The type.
    pub kind: String,
    /// The help text.
    pub help: String,
    /// The unit, if it says one.
    pub unit: Option<String>,
    /// The samples, in order.
    pub samples: Vec<Sample>,
}

/// The families of a page in order, or what is wrong with it.
pub fn read(page: &str, form: Form) -> Result<Vec<Family>> {
    ensure!(page.ends_with('\n'), "the last line does not end");
    let mut families: Vec<Family> = Vec::new();
    let lines: Vec<_> = page.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let is_last = at + 1 == lines.len();
        take(line, form, is_last, &mut families)
            .with_context(|| format!("line {}: {line}", at + 1))?;
    }
    if form == Form::OpenMetrics {
        ensure!(lines.last() == Some(&"# EOF"), "it does not end in # EOF");
    }
    let mut names = BTreeSet::new();
    for family in &families {
        ensure!(names.insert(&family.name), "{} comes twice", family.name);
    }
    let mut owners = BTreeMap::new();
    for family in &families {
        check_family(family, form).with_context(|| family.name.clone())?;
        for sample in &family.samples {
            let owner = owners.insert(&sample.name, &family.name);
            ensure!(
                owner.is_none_or(|owner| *owner == family.name),
                "{} is of two families",
                sample.name
            );
        }
    }
    Ok(families)
}

fn take(line: &str, form: Form, is_last: bool, families: &mut Vec<Family>) -> Result<()> {
    ensure!(!line.is_empty(), "an empty line");
    ensure!(!line.contains(['\r', '\t']), "a control character");
    let Some(comment) = line.strip_prefix('#') else {
        let sample = line::sample(line, form)?;
        let family = families.last_mut().context("a sample before any family")?;
        let suffix = sample.name.strip_prefix(family.name.as_str());
        let suffix = suffix.with_context(|| format!("a sample among those of {}", family.name))?;
        ensure!(
            suffixes(&family.kind, form).contains(&suffix),
            "not a sample of a {}",
            family.kind
        );
        family.samples.push(sample);
        return Ok(());
    };
    if comment == " EOF" {
        ensure!(is_last, "something behind # EOF");
        return Ok(());
    }
    let words: Vec<_> = comment.splitn(4, ' ').collect();
    let ["", keyword @ ("HELP" | "TYPE" | "UNIT"), name, value] = words[..] else {
        bail!("no such comment")
    };
    ensure!(line::is_metric_name(name), "no metric's name");
    if families.last().is_none_or(|family| family.name != name) {
        families.push(Family {
            name: name.to_owned(),
            ..Family::default()
        });
    }
    let family = families.last_mut().context("a family")?;
    ensure!(family.samples.is_empty(), "{keyword} behind samples");
    match keyword {
        "HELP" => {
            ensure!(family.help.is_empty(), "HELP twice");
            family.help = line::unescaped(value)?;
        }
        "TYPE" => {
            ensure!(family.kind.is_empty(), "TYPE twice");
            value.clone_into(&mut family.kind);
        }
        _ => {
            ensure!(
                form == Form::OpenMetrics,
                "UNIT in the older format is a mere comment"
            );
            ensure!(family.unit.is_none(), "UNIT twice");
            family.unit = Some(value.to_owned());
        }
    }
    Ok(())
}

/// What the names of a type's samples add to the family's.
fn suffixes(kind: &str, form: Form) -> &'static [&'static str] {
    match (kind, form) {
        ("counter", Form::OpenMetrics) => &["_total", "_created"],
        ("histogram", Form::OpenMetrics) => &["_bucket", "_sum", "_count", "_created"],
        ("summary", Form::OpenMetrics) => &["", "_sum", "_count", "_created"],
        ("gaugehistogram", Form::OpenMetrics) => &["_bucket", "_gsum", "_gcount"],
        ("info", Form::OpenMetrics) => &["_info"],
        ("stateset" | "unknown", Form::OpenMetrics) | ("gauge", _) => &[""],
        ("counter" | "untyped", Form::Prometheus) => &[""],
        ("histogram", Form::Prometheus) => &["_bucket", "_sum", "_count"],
        ("summary", Form::Prometheus) => &["", "_sum", "_count"],
        _ => &[],
    }
}

fn check_family(family: &Family, form: Form) -> Result<()> {
    ensure!(
        !family.kind.is_empty() && !family.help.is_empty(),
        "it has no TYPE or no HELP"
    );
    if let Some(unit) = &family.unit {
        ensure!(
            family.name.ends_with(&format!("_{unit}")),
            "its name does not end in its unit {unit}"
        );
    }
    if family.kind == "counter" && form == Form::Prometheus {
        ensure!(family.name.ends_with("_total"), "a counter without _total");
    }
    let mut seen = BTreeSet::new();
    let mut metrics: Vec<Metric> = Vec::new();
    for sample in &family.samples {
        ensure!(
            seen.insert((&sample.name, &sample.labels)),
            "{} {:?} twice",
            sample.name,
            sample.labels
        );
        let mut labels = sample.labels.clone();
        if sample.name.ends_with("_bucket") {
            labels.retain(|(name, _)| name != "le");
        }
        labels.sort();
        if metrics.last().is_none_or(|(known, _)| *known != labels) {
            let known = metrics.iter().any(|(known, _)| *known == labels);
            ensure!(!known, "{labels:?} among other metrics' samples");
            metrics.push((labels, Vec::new()));
        }
        if let Some((_, samples)) = metrics.last_mut() {
            samples.push(sample);
        }
        check_value(family, sample)?;
    }
    if family.kind == "histogram" {
        for (labels, samples) in &metrics {
            check_histogram(samples).with_context(|| format!("{labels:?}"))?;
        }
    }
    Ok(())
}

/// The samples of one set of labels.
type Metric<'a> = (Vec<(String, String)>, Vec<&'a Sample>);

fn check_value(family: &Family, sample: &Sample) -> Result<()> {
    let counts = family.kind == "counter" || family.kind == "histogram";
    ensure!(
        !counts || sample.value >= 0.0,
        "{} is {}",
        sample.name,
        sample.value
    );
    let may_have = sample.name.ends_with("_bucket")
        || family.kind == "counter" && sample.name.ends_with("_total");
    let Some(exemplar) = &sample.exemplar else {
        return Ok(());
    };
    ensure!(may_have, "an exemplar of {}", sample.name);
    let texts = exemplar
        .labels
        .iter()
        .flat_map(|(name, value)| [name, value]);
    let chars: usize = texts.map(|text| text.chars().count()).sum();
    ensure!(
        chars <= MAX_EXEMPLAR_CHARS,
        "an exemplar of {chars} characters"
    );
    Ok(())
}

fn check_histogram(samples: &[&Sample]) -> Result<()> {
    let of = |suffix: &'static str| {
        samples
            .iter()
            .filter(move |sample| sample.name.ends_with(suffix))
    };
    let (mut bound, mut below) = (f64::NEG_INFINITY, 0.0);
    for bucket in of("_bucket") {
        let le = bucket.label("le").context("a bucket without le")?;
        let le = line::number(le)?;
        ensure!(le > bound, "buckets out of order: {le} behind {bound}");
        ensure!(
            bucket.value >= below,
            "the bucket {le} holds less than the one before"
        );
        if let Some(exemplar) = &bucket.exemplar {
            let value = exemplar.value;
            ensure!(
                bound < value && value <= le,
                "an exemplar of {value} in the bucket of {bound} to {le}"
            );
        }
        (bound, below) = (le, bucket.value);
    }
    ensure!(bound == f64::INFINITY, "no bucket +Inf");
    let count: Vec<_> = of("_count").map(|sample| sample.value).collect();
    ensure!(count == [below], "_count {count:?}, bucket +Inf {below}");
    ensure!(of("_sum").count() == 1, "no _sum");
    Ok(())
}

#[cfg(test)]
mod tests;
