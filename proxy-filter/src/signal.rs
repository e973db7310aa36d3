//! What is exported: the three signals, a request that carries one of them,
//! and what an operator wants to hear of their exports.

use crate::config::{Export, Settings};
use crate::ledger::{FAILURES, Failure};
use sightline_core::names;
use std::rc::Rc;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans of this worker.
    Traces,
    /// Log records of this worker.
    Logs,
    /// Metrics of all workers.
    Metrics,
}

/// All signals.
pub const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

/// An export request to send.
#[derive(Debug)]
pub struct ExportCall {
    /// What it carries.
    pub signal: Signal,
    /// How many items: spans, log records or metric points.
    pub items: usize,
    /// Where it goes.
    pub to: Rc<Settings>,
    /// Its body.
    pub body: Vec<u8>,
}

/// A change that an operator wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The service.
    pub service: String,
    /// The signal.
    pub signal: Signal,
    /// Why its exports fail from now on; none if they work again.
    pub failure: Option<Failure>,
}

impl Signal {
    /// The signal's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Traces => names::signal::TRACES,
            Self::Logs => names::signal::LOGS,
            Self::Metrics => names::signal::METRICS,
        }
    }
}

impl ExportCall {
    /// The path to post to.
    pub fn path<'a>(&self, export: &'a Export) -> &'a str {
        match self.signal {
            Signal::Traces => &export.traces_path,
            Signal::Logs => &export.logs_path,
            Signal::Metrics => &export.metrics_path,
        }
    }
}

impl Change {
    /// A line for the proxy's log.
    pub fn message(&self) -> String {
        let exports = [
            "sightline: ",
            &self.service,
            ": export of ",
            self.signal.name(),
        ]
        .concat();
        let failure = self
            .failure
            .and_then(|failure| FAILURES.get(failure as usize));
        match failure {
            Some(reason) => [&exports, " fails: ", reason].concat(),
            None => [&exports, " works again"].concat(),
        }
    }
}
