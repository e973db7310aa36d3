//! Which probes are due, which are under way, and what they found since the
//! record was told. Only the worker whose turn it is sends any.

use super::{Finding, Outcome};
use crate::call::NotStarted;
use crate::config::{Probe, Settings};
use crate::exporter::Answer;
use crate::record::Record;
use std::rc::Rc;

const NANOS_PER_MILLI: u64 = 1_000_000;
/// A call that the proxy forgot to end is taken for ended this long after its
/// timeout.
const FORGOTTEN_AFTER_NANOS: u64 = 5_000_000_000;

/// The probes of a service in one worker.
#[derive(Debug, Default)]
pub struct Prober {
    probes: Vec<Rc<Probe>>,
    is_on: bool,
    under_way: Vec<UnderWay>,
    found: Vec<Finding>,
}

#[derive(Debug)]
struct UnderWay {
    root: u32,
    token: u32,
    probe: Rc<Probe>,
    since_nanos: u64,
}

impl Prober {
    /// Takes the probes of all configurations of the service, the latest last;
    /// of those with one name the latest is asked.
    pub fn configure<'a>(&mut self, all: impl DoubleEndedIterator<Item = &'a Settings>) {
        self.probes.clear();
        self.is_on = false;
        for health in all.rev().filter_map(|settings| settings.health.as_ref()) {
            self.is_on = true;
            for probe in &health.probes {
                if !self.probes.iter().any(|known| known.name == probe.name) {
                    self.probes.push(Rc::clone(probe));
                }
            }
        }
    }

    /// Whether any configuration wants to know of health.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// The probes that there are.
    pub fn probes(&self) -> &[Rc<Probe>] {
        &self.probes
    }

    /// What was found and is in no record yet.
    pub fn found(&self) -> &[Finding] {
        &self.found
    }

    /// What was found is in the record.
    pub fn published(&mut self) {
        self.found.clear();
    }

    /// The probes to send now, by what the record knows.
    pub fn due(&mut self, record: &Record, now_nanos: u64) -> Vec<Rc<Probe>> {
        self.under_way.retain(|call| {
            let timeout = u64::from(call.probe.timeout_millis).saturating_mul(NANOS_PER_MILLI);
            let limit = timeout.saturating_add(FORGOTTEN_AFTER_NANOS);
            now_nanos.saturating_sub(call.since_nanos) <= limit
        });
        let is_due = |probe: &&Rc<Probe>| {
            let known = record.findings().iter();
            let mut known = known.filter(|finding| *finding.name == *probe.name);
            let interval = probe.interval_millis.saturating_mul(NANOS_PER_MILLI);
            let is_fresh =
                |finding: &Finding| now_nanos < finding.at_nanos.saturating_add(interval);
            let is_asked = |call: &UnderWay| call.probe.name == probe.name;
            !known.any(is_fresh) && !self.under_way.iter().any(is_asked)
        };
        self.probes.iter().filter(is_due).cloned().collect()
    }

    /// A probe was sent, or could not be.
    pub fn called(
        &mut self,
        probe: &Rc<Probe>,
        root: u32,
        token: Result<u32, NotStarted>,
        now_nanos: u64,
    ) {
        match token {
            Ok(token) => self.under_way.push(UnderWay {
                root,
                token,
                probe: Rc::clone(probe),
                since_nanos: now_nanos,
            }),
            Err(why) => self.find(probe, Outcome::of_not_started(why), now_nanos),
        }
    }

    /// An answer came, or none did. Says whether it was a probe's.
    pub fn answered(&mut self, root: u32, token: u32, answer: &Answer, now_nanos: u64) -> bool {
        let calls = self.under_way.iter();
        let mut calls = calls.map(|call| (call.root, call.token));
        let Some(at) = calls.position(|call| call == (root, token)) else {
            return false;
        };
        let probe = self.under_way.swap_remove(at).probe;
        self.find(&probe, Outcome::of_answer(answer), now_nanos);
        true
    }

    /// A context ends, and with it its calls.
    pub fn leave(&mut self, root: u32) {
        self.under_way.retain(|call| call.root != root);
    }

    fn find(&mut self, probe: &Probe, outcome: Outcome, at_nanos: u64) {
        self.found.retain(|known| *known.name != *probe.name);
        self.found.push(Finding {
            name: Box::from(probe.name.as_str()),
            at_nanos,
            outcome,
        });
    }
}
