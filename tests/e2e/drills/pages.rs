//! Front ends as the collector sees them: views, errors and vitals of pages.

use anyhow::{Result, ensure};
use sightline_core::web_vital::LCP;
use sightline_tests::otlp_json::{self, text};

/// Pages of one release of a front end.
pub struct Pages<'a> {
    pub service: &'a str,
    pub version: &'a str,
    /// Where the collector takes what browsers send.
    pub port: u16,
}

impl Pages<'_> {
    /// So many views, each with this LCP in seconds.
    pub fn view(&self, count: usize, lcp: f64) -> Result<()> {
        let name = text("browser.web_vital.name", "ttfb");
        let views = vec![event("browser.web_vital", name); count];
        self.send_events(&views)?;
        let bounds = LCP.bounds();
        let bucket = bounds.iter().filter(|bound| **bound < lcp).count();
        let (count, route) = (count as u64, text("url.template", "/"));
        let values = (count, lcp * count as f64);
        let metric =
            otlp_json::histogram("browser.web_vital.lcp", values, bucket, &bounds, &[route]);
        let body = otlp_json::metrics(self.service, self.version, &[metric]);
        self.send("metrics", &body)
    }

    /// An uncaught error of this type.
    pub fn fail(&self, kind: &str) -> Result<()> {
        self.send_events(&[event("exception", text("exception.type", kind))])
    }

    fn send_events(&self, events: &[String]) -> Result<()> {
        self.send("logs", &otlp_json::logs(self.service, self.version, events))
    }

    fn send(&self, signal: &str, body: &str) -> Result<()> {
        let answer = otlp_json::post(self.port, signal, body)?;
        ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
        Ok(())
    }
}

fn event(name: &str, attribute: String) -> String {
    otlp_json::event(name, 0, &[attribute, text("url.template", "/")])
}
