//! Records that wait for delivery: bounded queues, batches that fit a keepalive
//! request, and an account of what was lost and why. Time comes in as an
//! argument; nothing is sent from here. Nothing outlives the page yet.

use alloc::vec::Vec;

use sightline_core::otlp::{Attribute, LogRecord, Severity, Source, Writer, export_request};

/// Bytes that each of the two queues holds at most.
pub const MAX_QUEUE_BYTES: usize = 96 * 1024;
/// Bytes of records in a batch at most. Browsers allow 64 KiB of keepalive
/// bodies in flight: two batches with their resource fit.
pub const MAX_BATCH_BYTES: usize = 28 * 1024;
const MAX_IN_FLIGHT_BYTES: usize = 2 * MAX_BATCH_BYTES;

const FIRST_RETRY_MS: f64 = 5_000.0;
const LAST_RETRY_MS: f64 = 60_000.0;

/// What kind of records a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Events.
    Logs = 0,
    /// Spans.
    Traces = 1,
}

/// Why records were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The engine's queue was full.
    QueueFull = 0,
    /// The buffer that waits for the engine was full.
    BufferFull = 1,
    /// The collector refused the batch for good.
    Rejected = 2,
    /// The page told the same error before.
    Duplicate = 3,
    /// The page told too many different errors.
    TooMany = 4,
}

/// Attribute names of the losses, in the order of [`Loss`].
const LOSS_NAMES: [&str; 5] = [
    "sightline.lost.queue_full",
    "sightline.lost.buffer_full",
    "sightline.lost.rejected",
    "sightline.lost.duplicate",
    "sightline.lost.too_many",
];

#[derive(Debug, Default)]
struct Queue {
    items: Vec<Vec<u8>>,
    bytes: usize,
}

impl Queue {
    /// Takes as many whole records from the front as a batch holds.
    fn batch(&mut self) -> Vec<Vec<u8>> {
        let mut bytes = 0usize;
        let fitting = self.items.iter().take_while(|item| {
            bytes = bytes.saturating_add(item.len());
            bytes <= MAX_BATCH_BYTES
        });
        let count = fitting.count();
        let batch: Vec<_> = self.items.drain(..count).collect();
        self.bytes = self.bytes.saturating_sub(size(&batch));
        batch
    }

    fn push_front(&mut self, mut items: Vec<Vec<u8>>) {
        self.bytes = self.bytes.saturating_add(size(&items));
        items.append(&mut self.items);
        self.items = items;
    }
}

fn size(items: &[Vec<u8>]) -> usize {
    items
        .iter()
        .fold(0, |sum, item| sum.saturating_add(item.len()))
}

#[derive(Debug)]
struct InFlight {
    id: u32,
    signal: Signal,
    items: Vec<Vec<u8>>,
}

/// The queues of a page.
#[derive(Debug, Default)]
pub struct Outbox {
    logs: Queue,
    traces: Queue,
    in_flight: Vec<InFlight>,
    last_id: u32,
    failures: u32,
    retry_ms: f64,
    delivered: u64,
    lost: [u64; LOSS_NAMES.len()],
    lost_told: u64,
}

/// A batch that is to be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// By which to name it to [`Outbox::body`] and [`Outbox::settle`]; not 0.
    pub id: u32,
    /// Where to send it.
    pub signal: Signal,
}

impl Outbox {
    /// Queues an encoded record, or counts it as lost.
    pub fn push(&mut self, signal: Signal, record: Writer) {
        let item = record.into_bytes();
        let queue = self.queue(signal);
        let bytes = queue.bytes.saturating_add(item.len());
        if item.len() > MAX_BATCH_BYTES || bytes > MAX_QUEUE_BYTES {
            self.lose(Loss::QueueFull, 1);
        } else {
            queue.bytes = bytes;
            queue.items.push(item);
        }
    }

    /// Counts records that were lost.
    pub fn lose(&mut self, why: Loss, count: u32) {
        if let Some(lost) = self.lost.get_mut(why as usize) {
            *lost = lost.saturating_add(u64::from(count));
        }
    }

    fn queue(&mut self, signal: Signal) -> &mut Queue {
        match signal {
            Signal::Logs => &mut self.logs,
            Signal::Traces => &mut self.traces,
        }
    }

    /// Bytes that wait and are not on their way.
    pub fn waiting_bytes(&self) -> usize {
        self.logs.bytes.saturating_add(self.traces.bytes)
    }

    /// The next batch, events first. None while a failed delivery is waited
    /// out, unless the page is `leaving`, nor beyond what may be in flight.
    pub fn next(&mut self, now_ms: f64, unix_nanos: u64, leaving: bool) -> Option<Batch> {
        if !leaving && now_ms < self.retry_ms {
            return None;
        }
        let in_flight = self
            .in_flight
            .iter()
            .fold(0usize, |sum, batch| sum.saturating_add(size(&batch.items)));
        if in_flight.saturating_add(MAX_BATCH_BYTES) > MAX_IN_FLIGHT_BYTES {
            return None;
        }
        self.tell_losses(unix_nanos);
        let signal = if self.logs.items.is_empty() {
            Signal::Traces
        } else {
            Signal::Logs
        };
        let items = self.queue(signal).batch();
        if items.is_empty() {
            return None;
        }
        self.last_id = self.last_id.wrapping_add(1).max(1);
        let id = self.last_id;
        self.in_flight.push(InFlight { id, signal, items });
        Some(Batch { id, signal })
    }

    /// The OTLP body of a batch that is in flight.
    pub fn body(&self, id: u32, source: &Source<'_>) -> Option<Vec<u8>> {
        let batch = self.in_flight.iter().find(|batch| batch.id == id)?;
        Some(export_request(source, &batch.items.concat()))
    }

    /// What became of a batch: the status of the answer, or 0 without one.
    /// After a failure that may pass, its records wait for the next try.
    pub fn settle(&mut self, id: u32, status: u16, now_ms: f64) {
        let Some(at) = self.in_flight.iter().position(|batch| batch.id == id) else {
            return;
        };
        let InFlight { signal, items, .. } = self.in_flight.swap_remove(at);
        match status {
            200..=299 => {
                self.failures = 0;
                self.retry_ms = 0.0;
                self.delivered = self.delivered.saturating_add(items.len() as u64);
            }
            // Those that OTLP/HTTP calls retryable, and no answer at all.
            0 | 429 | 502 | 503 | 504 => {
                let wait = FIRST_RETRY_MS * f64::from(1u32 << self.failures.min(8));
                self.retry_ms = now_ms + wait.min(LAST_RETRY_MS);
                self.failures = self.failures.saturating_add(1);
                // The queue may have filled meanwhile; the batch is kept, for
                // it is the older and no more than was let in before. What
                // comes next finds the queue full.
                self.queue(signal).push_front(items);
            }
            _ => self.lose(
                Loss::Rejected,
                u32::try_from(items.len()).unwrap_or(u32::MAX),
            ),
        }
    }

    /// Queues an event with all losses so far, if they grew.
    fn tell_losses(&mut self, unix_nanos: u64) {
        let total = self
            .lost
            .iter()
            .fold(0u64, |sum, lost| sum.saturating_add(*lost));
        if total == self.lost_told {
            return;
        }
        self.lost_told = total;
        let counted = LOSS_NAMES
            .iter()
            .zip(self.lost)
            .filter(|(_, lost)| *lost > 0);
        let attributes: Vec<_> = counted
            .map(|(name, lost)| Attribute::int(name, i64::try_from(lost).unwrap_or(i64::MAX)))
            .collect();
        let mut items = Writer::new();
        LogRecord {
            unix_nanos,
            severity: Severity::Warn,
            body: "",
            event_name: "sightline.lost",
            attributes: &attributes,
            context: None,
        }
        .write(&mut items);
        self.push(Signal::Logs, items);
    }

    /// Records that a collector took.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Records lost for this reason.
    pub fn lost(&self, why: Loss) -> u64 {
        self.lost.get(why as usize).copied().unwrap_or_default()
    }

    /// Records that wait or are on their way.
    pub fn queued(&self) -> usize {
        let in_flight = self
            .in_flight
            .iter()
            .fold(0usize, |sum, batch| sum.saturating_add(batch.items.len()));
        let waiting = self
            .logs
            .items
            .len()
            .saturating_add(self.traces.items.len());
        in_flight.saturating_add(waiting)
    }
}

#[cfg(test)]
mod tests;
