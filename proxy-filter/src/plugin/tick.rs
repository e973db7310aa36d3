//! A worker's turn: it publishes what it has counted, and sends what is due.

use super::{Plugin, random};
use crate::now::Now;
use crate::publishing;
use crate::session::Entropy;
use crate::shared_data::SharedData;
use crate::signal::Call;

/// What a tick brings.
#[derive(Debug, Default)]
pub struct Tick {
    /// The exports that are due.
    pub calls: Vec<Call>,
    /// This one came before its time: from now on the period is this again.
    pub period_millis: Option<u64>,
}

impl Plugin {
    /// Publishes what was counted and says which exports are due. A tick that
    /// was asked for because much waits only sends that.
    pub fn tick(
        &mut self,
        root: u32,
        now: Now,
        shared: &mut impl SharedData,
        entropy: Entropy<'_>,
    ) -> Tick {
        let worker = self.worker_id(entropy);
        let Some(tick_millis) = self.roots.get(&root).map(|root| root.tick_millis) else {
            return Tick::default();
        };
        let Some(service) = self.service_of(root) else {
            return Tick::default();
        };
        let period_millis = service.take_hurry().then_some(tick_millis);
        let since = now.monotonic_nanos.saturating_sub(service.published_nanos);
        let is_early = period_millis.is_some() && since < tick_millis.saturating_mul(1_000_000);
        let calls = match (service.owner() == Some(root), is_early) {
            (true, false) => {
                service.published_nanos = now.monotonic_nanos;
                let random = random(entropy);
                let record = publishing::publish(shared, service, worker, now, random, false);
                record.map_or_else(Vec::new, |record| {
                    service.due_calls(&record, worker, now, shared)
                })
            }
            (_, true) => service.calls_between(now),
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
            Some(service) if service.is_pressed() => service.calls_between(now),
            _ => Vec::new(),
        }
    }
}
