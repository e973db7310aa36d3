//! What Grafana does with a dashboard's file, as far as its queries go: variables are
//! chosen, intervals put in, Prometheus is asked. It draws nothing, and knows nothing
//! of what makes the files.

mod file;

use crate::prometheus::Api;
use anyhow::{Context, Result, bail};
use file::{annotation, panel, text_of};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A dashboard, read from its file.
#[derive(Debug)]
pub struct Dashboard {
    /// Its uid.
    pub uid: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub about: String,
    /// Headings and panels, in order.
    pub panels: Vec<Panel>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
    variables: Vec<Value>,
}

/// What is marked in every panel over time.
#[derive(Debug)]
pub struct Annotation {
    /// PromQL with variables.
    pub expr: String,
    /// What a mark says, with labels in `{{}}`.
    pub title: String,
    /// Whether a mark is where the value says, in milliseconds, not the sample.
    pub is_time: bool,
}

/// A panel, or a heading.
#[derive(Debug)]
pub struct Panel {
    /// Its title.
    pub title: String,
    /// What it shows.
    pub about: String,
    /// `row` for a heading, else how it is drawn.
    pub kind: String,
    /// The kind of its data source.
    pub datasource: String,
    /// Of the 24 columns.
    pub width: u64,
    /// Of a table, the labels that make a row, in order.
    pub labels: Vec<String>,
    /// Up to where the axis reaches at least.
    pub soft_max: Option<f64>,
    /// Whether its lines add up.
    pub is_stacked: bool,
    /// What it asks.
    pub targets: Vec<Target>,
}

/// A query, and how its numbers are written.
#[derive(Debug)]
pub struct Target {
    /// PromQL with variables.
    pub expr: String,
    /// The names of its series, with labels in `{{}}`.
    pub legend: String,
    /// The title of its column in a table.
    pub column: String,
    /// Grafana's name of the unit.
    pub unit: String,
    /// From which value on which colour; the first has none.
    pub thresholds: Vec<(Option<f64>, String)>,
    /// Whether exemplars are shown.
    pub has_exemplars: bool,
    is_instant: bool,
    least_step: f64,
}

/// The time that is shown, and how the data source is set up.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Seconds since the Unix epoch.
    pub from: f64,
    /// The same.
    pub to: f64,
    /// Between two scrapes, in seconds.
    pub scrape: f64,
    /// The most points of a line.
    pub points: f64,
    /// By which least steps are divided, as the rules' durations are.
    pub divisor: f64,
}

/// What a query returned.
#[derive(Debug, Default)]
pub struct Answer {
    /// Its series.
    pub series: Vec<Series>,
    /// How many samples Prometheus read for it.
    pub samples: u64,
}

/// A line, or a cell of a table.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its name in the legend.
    pub name: String,
    /// Times in seconds, and values.
    pub points: Vec<(f64, f64)>,
}

/// Values of variables, as they stand in queries.
pub type Chosen = BTreeMap<String, String>;

impl Dashboard {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let file: Value = serde_json::from_str(&text)?;
        let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
        let annotations = list(&file["annotations"]["list"]);
        Ok(Self {
            uid: text_of(&file["uid"]),
            title: text_of(&file["title"]),
            about: text_of(&file["description"]),
            panels: list(&file["panels"]).iter().map(panel).collect(),
            annotations: annotations.iter().map(annotation).collect(),
            variables: list(&file["templating"]["list"]),
        })
    }

    /// All of them, by uid.
    pub fn all(folder: &Path) -> Result<Vec<Self>> {
        let files = std::fs::read_dir(folder)?.map(|entry| Self::read(&entry?.path()));
        let mut all = files.collect::<Result<Vec<_>>>()?;
        all.sort_by(|one, other| one.uid.cmp(&other.uid));
        Ok(all)
    }

    /// Its variables with everything chosen, as when somebody opens it.
    pub fn choose_all(&self, prometheus: &Api, view: &View) -> Result<Chosen> {
        let mut chosen = Chosen::new();
        for variable in &self.variables {
            let name = text_of(&variable["name"]);
            if variable["type"] == "datasource" {
                chosen.insert(name, text_of(&variable["query"]));
                continue;
            }
            let all = variable["allValue"].as_str();
            let value = match all {
                Some(all) => all.to_owned(),
                None => {
                    let values = self.values(variable, prometheus, view, &chosen)?;
                    let values: Vec<_> = values.iter().map(|value| escaped(value)).collect();
                    format!("({})", values.join("|"))
                }
            };
            chosen.insert(name, value);
        }
        Ok(chosen)
    }

    /// What one of its variables offers, with what was chosen before it.
    pub fn offers(
        &self,
        name: &str,
        prometheus: &Api,
        view: &View,
        chosen: &Chosen,
    ) -> Result<Vec<String>> {
        let mut variables = self.variables.iter();
        let variable = variables.find(|variable| variable["name"] == name);
        self.values(
            variable.context("no such variable")?,
            prometheus,
            view,
            chosen,
        )
    }

    fn values(
        &self,
        variable: &Value,
        prometheus: &Api,
        view: &View,
        chosen: &Chosen,
    ) -> Result<Vec<String>> {
        let query = view.filled(
            &text_of(&variable["query"]["query"]),
            view.step(0.0),
            chosen,
        );
        let inner = |function: &str| {
            let inner = query.strip_prefix(function)?.strip_prefix('(')?;
            inner.strip_suffix(')')
        };
        let mut values = Vec::new();
        if let Some(expr) = inner("query_result") {
            // What its regular expression takes out of the labels.
            let label = text_of(&variable["regex"]);
            let label = label
                .trim_start_matches('/')
                .split('=')
                .next()
                .unwrap_or_default();
            let answer =
                prometheus.ask("query", &[("query", expr), ("time", &view.to.to_string())])?;
            let series = read(&answer, "")?.series;
            values.extend(
                series
                    .iter()
                    .filter_map(|series| series.labels.get(label).cloned()),
            );
        } else if let Some((series, label)) =
            inner("label_values").and_then(|of| of.rsplit_once(", "))
        {
            let [from, to] = [view.from, view.to].map(|time| time.to_string());
            let path = format!("label/{label}/values");
            let answer = prometheus.ask(
                &path,
                &[("match[]", series), ("start", &from), ("end", &to)],
            )?;
            let found = answer.as_array().into_iter().flatten();
            values.extend(found.map(text_of));
        } else {
            bail!("not a query of a variable: {query}");
        }
        values.sort();
        values.dedup();
        Ok(values)
    }
}

impl Annotation {
    /// Its samples, as they are at the end of the time that is shown.
    pub fn ask(&self, prometheus: &Api, view: &View, chosen: &Chosen) -> Result<Answer> {
        let query = view.filled(&self.expr, view.step(0.0), chosen);
        let now = view.to.to_string();
        let data = prometheus.ask("query", &[("query", &query), ("time", &now)]);
        read(&data.with_context(|| query.clone())?, &self.title)
    }
}

/// Text that a regular expression takes as it is, within a string of PromQL.
pub fn escaped(text: &str) -> String {
    let one = |c: char| match "\\^$.|?*+()[]{}".contains(c) {
        true => format!("\\\\{c}"),
        false => c.to_string(),
    };
    text.chars().map(one).collect()
}

impl View {
    /// What a point of a line stands for.
    pub fn step(&self, least: f64) -> f64 {
        let by_width = ((self.to - self.from) / self.points).ceil();
        by_width.max(least / self.divisor).max(self.scrape)
    }

    /// A query as Prometheus gets it.
    pub fn filled(&self, text: &str, step: f64, chosen: &Chosen) -> String {
        let rate = (step + self.scrape).max(4.0 * self.scrape);
        let duration = |seconds: f64| format!("{}ms", (seconds * 1e3).round());
        let mut filled = text.replace("$__rate_interval", &duration(rate));
        filled = filled.replace("$__interval", &duration(step));
        filled = filled.replace("$__range", &duration(self.to - self.from));
        for (name, value) in chosen {
            filled = filled.replace(&format!("${name}"), value);
        }
        filled
    }
}

impl Target {
    /// The query as Prometheus gets it.
    pub fn filled(&self, view: &View, chosen: &Chosen) -> String {
        view.filled(&self.expr, view.step(self.least_step), chosen)
    }

    /// Asks Prometheus.
    pub fn ask(&self, prometheus: &Api, view: &View, chosen: &Chosen) -> Result<Answer> {
        let step = view.step(self.least_step);
        let query = self.filled(view, chosen);
        // Points lie at multiples of what each stands for.
        let aligned = |time: f64| (time / step).floor() * step;
        let [from, to] = [aligned(view.from), aligned(view.to)].map(|time| time.to_string());
        let (now, step) = (view.to.to_string(), step.to_string());
        let mut asked = vec![("query", query.as_str()), ("stats", "all")];
        let data = if self.is_instant {
            asked.push(("time", &now));
            prometheus.ask("query", &asked)
        } else {
            asked.extend([("start", from.as_str()), ("end", &to), ("step", &step)]);
            prometheus.ask("query_range", &asked)
        };
        read(&data.with_context(|| query.clone())?, &self.legend)
    }
}

fn read(data: &Value, legend: &str) -> Result<Answer> {
    let series = data["result"].as_array().context("no result")?;
    let point = |point: &Value| -> Result<(f64, f64)> {
        let value = point[1].as_str().context("no value")?;
        Ok((point[0].as_f64().context("no time")?, value.parse()?))
    };
    let one = |series: &Value| -> Result<Series> {
        let labels = series["metric"].as_object().into_iter().flatten();
        let labels: BTreeMap<_, _> = labels
            .map(|(name, value)| (name.clone(), text_of(value)))
            .collect();
        let points = match series["values"].as_array() {
            Some(points) => points.iter().map(point).collect::<Result<_>>()?,
            None => vec![point(&series["value"])?],
        };
        Ok(Series {
            name: named(legend, &labels),
            labels,
            points,
        })
    };
    let samples = &data["stats"]["samples"]["totalQueryableSamples"];
    Ok(Answer {
        series: series.iter().map(one).collect::<Result<_>>()?,
        samples: samples.as_u64().unwrap_or_default(),
    })
}

fn named(legend: &str, labels: &BTreeMap<String, String>) -> String {
    let mut name = legend.to_owned();
    for (label, value) in labels {
        name = name.replace(&format!("{{{{{label}}}}}"), value);
    }
    // A label that the series lacks is empty.
    while let Some((before, rest)) = name.clone().split_once("{{") {
        let after = rest.split_once("}}").map_or("", |(_, after)| after);
        name = format!("{before}{after}");
    }
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_and_choices_are_put_in_as_grafana_does() {
        let view = View {
            from: 0.0,
            to: 3600.0,
            scrape: 15.0,
            points: 100.0,
            divisor: 1.0,
        };
        let chosen = Chosen::from([("job".to_owned(), escaped("a.b"))]);
        let query = "rate(x{job=~\"$job\"}[$__rate_interval]) > x[$__range]";
        let filled = view.filled(query, view.step(0.0), &chosen);
        assert_eq!(filled, "rate(x{job=~\"a\\\\.b\"}[60000ms]) > x[3600000ms]");
        assert_eq!(view.step(300.0), 300.0);
        assert_eq!(
            View {
                divisor: 60.0,
                ..view
            }
            .step(3600.0),
            60.0
        );
    }

    #[test]
    fn a_legend_has_the_labels_that_there_are() {
        let labels = BTreeMap::from([("job".to_owned(), "edge".to_owned())]);
        assert_eq!(named("{{job}} → {{probe}}", &labels), "edge →");
    }
}
