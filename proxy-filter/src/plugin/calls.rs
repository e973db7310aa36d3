//! The filter's own requests: which are due, and what became of them.

use super::{Plugin, random};
use crate::call::{Call, NotStarted};
use crate::exporter::Answer;
use crate::health::Digest;
use crate::now::Now;
use crate::publishing;
use crate::session::Entropy;
use crate::shared_data::SharedData;
use crate::signal::{Change, ExportCall};

/// What a tick brings.
#[derive(Debug, Default)]
pub struct Tick {
    /// The calls that are due.
    pub calls: Vec<Call>,
    /// This one came before its time: from now on the period is this again.
    pub period_millis: Option<u64>,
}

impl Plugin {
    /// Publishes what was counted and says which calls are due. A tick that was
    /// asked for because much waits only sends that.
    pub fn tick(
        &mut self,
        root: u32,
        now: Now,
        shared: &mut impl SharedData,
        entropy: Entropy<'_>,
    ) -> Tick {
        let Some(tick_millis) = self.roots.get(&root).map(|root| root.tick_millis) else {
            return Tick::default();
        };
        let Some(service) = self.service_of(root) else {
            return Tick::default();
        };
        let period_millis = service.take_hurry(root).then_some(tick_millis);
        let since = now.monotonic_nanos.saturating_sub(service.published_nanos);
        let is_early = period_millis.is_some() && since < tick_millis.saturating_mul(1_000_000);
        let calls = match (service.owner() == Some(root), is_early) {
            (_, true) => exports(service.calls_between(now)),
            (true, false) => self.turn(root, now, shared, entropy),
            (false, false) => Vec::new(),
        };
        Tick {
            calls,
            period_millis,
        }
    }

    /// What to send right after an answer, because much waits.
    pub fn next_calls(&mut self, root: u32, now: Now) -> Vec<Call> {
        match self.service_of(root) {
            Some(service) if service.is_pressed() => exports(service.calls_between(now)),
            _ => Vec::new(),
        }
    }

    fn turn(
        &mut self,
        root: u32,
        now: Now,
        shared: &mut impl SharedData,
        entropy: Entropy<'_>,
    ) -> Vec<Call> {
        let worker = self.worker_id(entropy);
        let Some(service) = self.service_of(root) else {
            return Vec::new();
        };
        service.published_nanos = now.monotonic_nanos;
        let record = publishing::publish(shared, service, worker, now, random(entropy), false);
        let Some(record) = record else {
            return Vec::new();
        };
        let mut calls = exports(service.due_calls(&record, worker, now, shared));
        if service.prober.is_on() && record.is_leader(worker) {
            Digest::of(&record, now).write(shared, &service.key);
            let due = service.prober.due(&record, now.monotonic_nanos);
            calls.extend(due.into_iter().map(Call::Probe));
        }
        calls
    }

    /// A call that was due has started, or could not.
    pub fn called(
        &mut self,
        root: u32,
        call: &Call,
        token: Result<u32, NotStarted>,
        now: Now,
        entropy: Entropy<'_>,
    ) -> Option<Change> {
        let random = u64::from_le_bytes(random(entropy));
        let service = self.service_of(root)?;
        match call {
            Call::Export(call) => service.called(call, root, token.ok(), now, random),
            Call::Probe(probe) => {
                let prober = &mut service.prober;
                prober.called(probe, root, token, now.monotonic_nanos);
                None
            }
        }
    }

    /// The answer to a call, or that there is none.
    pub fn answered(
        &mut self,
        root: u32,
        token: u32,
        answer: &Answer,
        now: Now,
        shared: &mut impl SharedData,
        entropy: Entropy<'_>,
    ) -> Option<Change> {
        let random = u64::from_le_bytes(random(entropy));
        let service = self.service_of(root)?;
        let prober = &mut service.prober;
        if prober.answered(root, token, answer, now.monotonic_nanos) {
            return None;
        }
        service.answered(root, token, answer, now, random, shared)
    }
}

fn exports(calls: Vec<ExportCall>) -> Vec<Call> {
    calls.into_iter().map(Call::Export).collect()
}
