//! The filter's own requests: which are due, and what became of them.

use super::{Plugin, random};
use crate::call::{Call, NotStarted};
use crate::exporter::Answer;
use crate::health::Digest;
use crate::now::Now;
use crate::publishing;
use crate::session::Entropy;
use crate::shared_data::SharedData;
use crate::signal::Change;

impl Plugin {
    /// Publishes what was counted and says which calls are due.
    pub fn tick(
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
        if service.owner() != Some(root) {
            return Vec::new();
        }
        let record = publishing::publish(shared, service, worker, now, random(entropy), false);
        let Some(record) = record else {
            return Vec::new();
        };
        let exports = service.due_calls(&record, worker, now, shared);
        let mut calls: Vec<_> = exports.into_iter().map(Call::Export).collect();
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
