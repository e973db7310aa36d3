//! Metric families as a page for scrapers: OpenMetrics 1.0
//! ([specification](https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md))
//! with exemplars, or the older Prometheus text format for who does not ask
//! for it. The two differ in how a counter's family is named. Every page ends
//! in `# EOF`, so that one that was cut off is seen as such; to the older
//! format it is a comment.

use crate::exemplar::Exemplar;
use crate::families::{Family, Labels, Point, Value};
use sightline_core::histogram::{Histogram, SECONDS_LABELS};
use sightline_core::metric::Kind;
use std::fmt::{self, Write};

/// The form of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus text format 0.0.4.
    Prometheus,
}

impl Form {
    /// The form that an `Accept` header asks for.
    pub fn asked_for(accept: &[u8]) -> Self {
        let wanted = b"application/openmetrics-text";
        match accept.windows(wanted.len()).any(|window| window == wanted) {
            true => Self::OpenMetrics,
            false => Self::Prometheus,
        }
    }

    /// The `Content-Type` of a page in this form.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The page.
pub fn page(families: &[Family<'_>], form: Form) -> String {
    let mut page = String::new();
    for family in families {
        // Writing to a String does not fail.
        let _ = write_family(family, form, &mut page);
    }
    page.push_str("# EOF\n");
    page
}

fn write_family(family: &Family<'_>, form: Form, page: &mut String) -> fmt::Result {
    let Family { name, help, .. } = family;
    let named = match form {
        Form::OpenMetrics => name.strip_suffix("_total").unwrap_or(name),
        Form::Prometheus => name,
    };
    let kind = match family.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    writeln!(page, "# HELP {named} {help}\n# TYPE {named} {kind}")?;
    for point in &family.points {
        match &point.value {
            Value::Int(value) => writeln!(page, "{name}{} {value}", Set(&point.labels, None))?,
            Value::Float(value) => writeln!(page, "{name}{} {value}", Set(&point.labels, None))?,
            Value::Histogram(histogram, exemplars) => {
                let exemplars = match form {
                    Form::OpenMetrics => exemplars,
                    Form::Prometheus => &[][..],
                };
                write_histogram(name, point, histogram, exemplars, page)?;
            }
        }
    }
    Ok(())
}

fn write_histogram(
    name: &str,
    point: &Point<'_>,
    histogram: &Histogram,
    exemplars: &[Exemplar],
    page: &mut String,
) -> fmt::Result {
    let bounds = SECONDS_LABELS.iter().chain(&["+Inf"]);
    let mut below = 0u64;
    for (bucket, (bound, count)) in bounds.zip(histogram.counts()).enumerate() {
        below = below.saturating_add(*count);
        let labels = Set(&point.labels, Some(bound));
        write!(page, "{name}_bucket{labels} {below}")?;
        let exemplar = exemplars.iter().find(|known| known.bucket() == bucket);
        if let Some(exemplar) = exemplar {
            write_exemplar(exemplar, page)?;
        }
        page.push('\n');
    }
    let labels = Set(&point.labels, None);
    writeln!(page, "{name}_sum{labels} {}", histogram.sum())?;
    writeln!(page, "{name}_count{labels} {below}")
}

fn write_exemplar(exemplar: &Exemplar, page: &mut String) -> fmt::Result {
    let trace_id = exemplar.trace_id.to_hex();
    let span_id = exemplar.span_id.to_hex();
    let millis = exemplar.unix_nanos / 1_000_000;
    write!(
        page,
        " # {{trace_id=\"{}\",span_id=\"{}\"}} {} {}.{:03}",
        trace_id.as_str(),
        span_id.as_str(),
        exemplar.seconds,
        millis / 1000,
        millis % 1000,
    )
}

/// A set of labels, with the bound of a bucket or without; nothing where it is empty.
struct Set<'a>(&'a Labels<'a>, Option<&'a str>);

impl fmt::Display for Set<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(labels, bound) = self;
        let labels = labels.iter().map(|(name, value)| (*name, &**value));
        let bound = bound.iter().map(|bound| ("le", *bound));
        let mut before = '{';
        for (name, value) in labels.chain(bound) {
            write!(out, "{before}{name}=\"")?;
            before = ',';
            for c in value.chars() {
                match c {
                    '"' => out.write_str("\\\"")?,
                    '\\' => out.write_str("\\\\")?,
                    '\n' => out.write_str("\\n")?,
                    c => out.write_char(c)?,
                }
            }
            out.write_char('"')?;
        }
        match before {
            '{' => Ok(()),
            _ => out.write_char('}'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{Naming, families};
    use crate::now::Now;
    use crate::record::tests::record_of_two_requests;

    fn page_of_two_requests(form: Form) -> String {
        let record = record_of_two_requests();
        page(&families(&record, Naming::Prometheus, Now::default()), form)
    }

    #[test]
    fn counters_are_named_as_each_form_wants() {
        let open = page_of_two_requests(Form::OpenMetrics);
        assert!(open.contains("# TYPE http_requests counter\nhttp_requests_total{"));
        let classic = page_of_two_requests(Form::Prometheus);
        assert!(classic.contains("# TYPE http_requests_total counter\nhttp_requests_total{"));
        assert!(open.ends_with("\n# EOF\n") && classic.ends_with("\n# EOF\n"));
    }

    #[test]
    fn the_form_is_the_one_asked_for() {
        let prometheus =
            b"application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
        assert_eq!(Form::asked_for(prometheus), Form::OpenMetrics);
        assert_eq!(Form::asked_for(b"*/*"), Form::Prometheus);
        assert_eq!(Form::asked_for(b""), Form::Prometheus);
        assert_eq!(Form::asked_for(b"\xff"), Form::Prometheus);
    }

    #[test]
    fn buckets_add_up_and_labels_are_escaped() {
        let text = page_of_two_requests(Form::OpenMetrics);
        for line in [
            r#"http_requests_total{method="GET",endpoint="/a\"b\\",status_code="200"} 1"#,
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/a\"b\\",le="0.005"} 1"#,
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/a\"b\\",le="0.25"} 2 # {trace_id="07070707070707070707070707070707",span_id="0909090909090909"} 0.2 1700000000.500"#,
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/a\"b\\",le="+Inf"} 2"#,
            r#"http_request_duration_seconds_sum{method="GET",endpoint="/a\"b\\"} 0.203"#,
            r#"http_requests_in_progress{method="GET",endpoint="/a\"b\\"} 0"#,
            r#"http_request_bytes_total{method="GET",endpoint="/a\"b\\"} 7"#,
            r#"http_response_bytes_total{method="GET",endpoint="/a\"b\\"} 300"#,
            r#"errors_total{type="connect_failure"} 1"#,
            r#"errors_total{type="timeout"} 0"#,
            r#"sightline_edge_spans_dropped_total{reason="queue_full"} 0"#,
            "sightline_edge_spans_queued 0",
            "sightline_edge_vms 1",
            "sightline_edge_series 1",
            "sightline_edge_series_limit 1000",
            "orders_placed_total 2.5",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
    }
    #[test]
    fn exemplars_are_for_open_metrics_only() {
        assert!(!page_of_two_requests(Form::Prometheus).contains("trace_id"));
    }
}
