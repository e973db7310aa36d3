//! A record as a page for scrapers: OpenMetrics 1.0
//! ([specification](https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md)),
//! or the older Prometheus text format for who does not ask for it. The two
//! differ in how a counter's family is named. Every page ends in `# EOF`, so
//! that one that was cut off is seen as such; to the older format it is a
//! comment.

use crate::ledger::{DROPS, FAILURES};
use crate::record::Record;
use sightline_core::histogram::SECONDS_LABELS;
use sightline_core::names;
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
pub fn page(record: &Record, form: Form) -> String {
    let mut page = Page {
        text: String::new(),
        form,
    };
    // Writing to a String does not fail.
    let _ = page.requests(record);
    let _ = page.durations(record);
    let _ = page.in_progress(record);
    let _ = page.ledger(record);
    page.text.push_str("# EOF\n");
    page.text
}

struct Page {
    text: String,
    form: Form,
}

impl Page {
    fn counter(&mut self, name: &str, help: &str) -> fmt::Result {
        let family = match self.form {
            Form::OpenMetrics => name.strip_suffix("_total").unwrap_or(name),
            Form::Prometheus => name,
        };
        self.family(family, "counter", help)
    }

    fn family(&mut self, family: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(self.text, "# HELP {family} {help}\n# TYPE {family} {kind}")
    }

    fn requests(&mut self, record: &Record) -> fmt::Result {
        let name = names::HTTP_REQUESTS;
        self.counter(
            name,
            "Finished requests by method, route and status; status 0 is no response.",
        )?;
        for series in record.series() {
            for (status, count) in &series.statuses {
                let labels = Labels(series.method(), &series.route);
                let status_code = names::STATUS_CODE;
                writeln!(
                    self.text,
                    "{name}{{{labels},{status_code}=\"{status}\"}} {count}"
                )?;
            }
        }
        Ok(())
    }

    fn durations(&mut self, record: &Record) -> fmt::Result {
        let name = names::HTTP_REQUEST_DURATION;
        self.family(name, "histogram", "Duration of requests in seconds.")?;
        for series in record
            .series()
            .iter()
            .filter(|series| series.durations.count() > 0)
        {
            let labels = Labels(series.method(), &series.route);
            let bounds = SECONDS_LABELS.iter().chain(&["+Inf"]);
            let mut below = 0u64;
            for (bound, count) in bounds.zip(series.durations.counts()) {
                below = below.saturating_add(*count);
                writeln!(
                    self.text,
                    "{name}_bucket{{{labels},le=\"{bound}\"}} {below}"
                )?;
            }
            writeln!(
                self.text,
                "{name}_sum{{{labels}}} {}",
                series.durations.sum()
            )?;
            writeln!(self.text, "{name}_count{{{labels}}} {below}")?;
        }
        Ok(())
    }

    fn in_progress(&mut self, record: &Record) -> fmt::Result {
        let name = names::HTTP_REQUESTS_IN_PROGRESS;
        self.family(name, "gauge", "Requests that have begun and not ended.")?;
        for series in record.series() {
            let labels = Labels(series.method(), &series.route);
            writeln!(self.text, "{name}{{{labels}}} {}", series.in_progress())?;
        }
        Ok(())
    }

    fn ledger(&mut self, record: &Record) -> fmt::Result {
        let ledger = &record.ledger;
        let queued = record.queued();
        for (names, what, flow, queued) in [
            (names::EDGE_SPANS, "Spans", &ledger.spans, queued.spans),
            (
                names::EDGE_LOG_RECORDS,
                "Log records",
                &ledger.log_records,
                queued.log_records,
            ),
            (
                names::EDGE_METRIC_POINTS,
                "Metric points",
                &ledger.metric_points,
                queued.metric_points,
            ),
        ] {
            for (name, help, value) in [
                (names.produced, "that the filter made.", flow.produced),
                (
                    names.exported,
                    "that a receiver acknowledged.",
                    flow.exported,
                ),
            ] {
                self.counter(name, &[what, " ", help].concat())?;
                writeln!(self.text, "{name} {value}")?;
            }
            let help = [what, " given up."].concat();
            self.reasons(names.dropped, &help, &flow.dropped, &DROPS)?;
            self.family(names.queued, "gauge", &[what, " that wait."].concat())?;
            writeln!(self.text, "{} {queued}", names.queued)?;
        }
        for (name, help, value) in [
            (
                names::EDGE_SERIES_OVERFLOW,
                "Requests counted under _other, beyond the budget of series.",
                ledger.overflow,
            ),
            (
                names::EDGE_LOGS_SAMPLED_OUT,
                "Successful requests that sampling left out of the log.",
                ledger.logs_sampled_out,
            ),
        ] {
            self.counter(name, help)?;
            writeln!(self.text, "{name} {value}")?;
        }
        self.reasons(
            names::EDGE_EXPORT_FAILURES,
            "Exports that failed.",
            &ledger.failures,
            &FAILURES,
        )
    }

    fn reasons(&mut self, name: &str, help: &str, counts: &[u64], reasons: &[&str]) -> fmt::Result {
        self.counter(name, help)?;
        for (reason, count) in reasons.iter().zip(counts) {
            writeln!(
                self.text,
                "{name}{{{}=\"{reason}\"}} {count}",
                names::REASON
            )?;
        }
        Ok(())
    }
}

/// Method and route.
struct Labels<'a>(&'a str, &'a str);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(method, endpoint) = self;
        write!(out, "{}=\"{method}\",{}=\"", names::METHOD, names::ENDPOINT)?;
        for c in endpoint.chars() {
            match c {
                '"' => out.write_str("\\\"")?,
                '\\' => out.write_str("\\\\")?,
                '\n' => out.write_str("\\n")?,
                c => out.write_char(c)?,
            }
        }
        out.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record_of_two_requests;

    #[test]
    fn counters_are_named_as_each_form_wants() {
        let record = record_of_two_requests();
        let open = page(&record, Form::OpenMetrics);
        assert!(open.contains("# TYPE http_requests counter\nhttp_requests_total{"));
        let classic = page(&record, Form::Prometheus);
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
        let text = page(&record_of_two_requests(), Form::OpenMetrics);
        for line in [
            r#"http_requests_total{method="GET",endpoint="/a\"b\\",status_code="200"} 1"#,
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/a\"b\\",le="0.005"} 1"#,
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/a\"b\\",le="0.25"} 2"#,
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/a\"b\\",le="+Inf"} 2"#,
            r#"http_request_duration_seconds_sum{method="GET",endpoint="/a\"b\\"} 0.203"#,
            r#"http_requests_in_progress{method="GET",endpoint="/a\"b\\"} 0"#,
            r#"sightline_edge_spans_dropped_total{reason="queue_full"} 0"#,
            "sightline_edge_spans_queued 0",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
    }
}
