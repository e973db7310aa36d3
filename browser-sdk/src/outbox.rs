//! Records that wait for delivery: bounded queues, batches that fit a keepalive
//! request, and an account of what was lost and why. Time comes in as an
//! argument; nothing is sent from here. Nothing outlives the page yet.

use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::otlp::{LogRecord, Severity, Source, Writer, export_request};

use crate::attributes::Attributes;

/// Bytes that each of the two queues holds at most.
pub const MAX_QUEUE_BYTES: usize = 96 * 1024;
/// Bytes of records in a batch at most. Browsers allow 64 KiB of keepalive
/// bodies in flight: two batches with their resource fit.
pub const MAX_BATCH_BYTES: usize = 28 * 1024;
const MAX_IN_FLIGHT: usize = 2;

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

/// Encoded records, one after another.
#[derive(Debug, Default)]
struct Records {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Records {
    fn push(&mut self, record: &[u8]) {
        append::bytes(&mut self.bytes, record);
        append::item(&mut self.lengths, record.len());
    }

    /// Takes as many whole records from the front as a batch holds.
    fn take_batch(&mut self) -> Self {
        let mut batch = Self::default();
        let mut rest = Self::default();
        let mut records = self.bytes.as_slice();
        for length in &self.lengths {
            let (record, others) = records.split_at_checked(*length).unwrap_or_default();
            records = others;
            let is_full = batch.bytes.len().saturating_add(*length) > MAX_BATCH_BYTES;
            // Order is kept: what follows the first that does not fit waits too.
            if is_full || !rest.bytes.is_empty() {
                rest.push(record);
            } else {
                batch.push(record);
            }
        }
        *self = rest;
        batch
    }

    fn append(&mut self, others: &Self) {
        append::bytes(&mut self.bytes, &others.bytes);
        for length in &others.lengths {
            append::item(&mut self.lengths, *length);
        }
    }
}

#[derive(Debug)]
struct InFlight {
    id: u32,
    signal: Signal,
    records: Records,
}

/// The queues of a page.
#[derive(Debug, Default)]
pub struct Outbox {
    logs: Records,
    traces: Records,
    in_flight: [Option<InFlight>; MAX_IN_FLIGHT],
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
        let record = record.into_bytes();
        let queue = self.queue(signal);
        let bytes = queue.bytes.len().saturating_add(record.len());
        if record.len() > MAX_BATCH_BYTES || bytes > MAX_QUEUE_BYTES {
            self.lose(Loss::QueueFull, 1);
        } else {
            queue.push(&record);
        }
    }

    /// Counts records that were lost.
    pub fn lose(&mut self, why: Loss, count: u32) {
        if let Some(lost) = self.lost.get_mut(why as usize) {
            *lost = lost.saturating_add(u64::from(count));
        }
    }

    fn queue(&mut self, signal: Signal) -> &mut Records {
        match signal {
            Signal::Logs => &mut self.logs,
            Signal::Traces => &mut self.traces,
        }
    }

    /// Bytes that wait and are not on their way.
    pub fn waiting_bytes(&self) -> usize {
        let (logs, traces) = (&self.logs.bytes, &self.traces.bytes);
        logs.len().saturating_add(traces.len())
    }

    /// The next batch, events first. None while a failed delivery is waited
    /// out, unless the page is `leaving`, nor beyond what may be in flight.
    pub fn next(&mut self, now_ms: f64, unix_nanos: u64, leaving: bool) -> Option<Batch> {
        if !leaving && now_ms < self.retry_ms {
            return None;
        }
        let free = self.in_flight.iter().position(Option::is_none)?;
        self.tell_losses(unix_nanos);
        let signal = if self.logs.bytes.is_empty() {
            Signal::Traces
        } else {
            Signal::Logs
        };
        let records = self.queue(signal).take_batch();
        if records.bytes.is_empty() {
            return None;
        }
        self.last_id = self.last_id.wrapping_add(1).max(1);
        let id = self.last_id;
        *self.in_flight.get_mut(free)? = Some(InFlight {
            id,
            signal,
            records,
        });
        Some(Batch { id, signal })
    }

    /// The OTLP body of a batch that is in flight.
    pub fn body(&self, id: u32, source: &Source<'_>) -> Option<Vec<u8>> {
        let mut flying = self.in_flight.iter().flatten();
        let batch = flying.find(|batch| batch.id == id)?;
        Some(export_request(source, &batch.records.bytes))
    }

    /// What became of a batch: the status of the answer, or 0 without one.
    /// After a failure that may pass, its records wait for the next try.
    pub fn settle(&mut self, id: u32, status: u16, now_ms: f64) {
        let has_id = |place: &&mut Option<InFlight>| place.as_ref().is_some_and(|one| one.id == id);
        let place = self.in_flight.iter_mut().find(has_id);
        let Some(mut batch) = place.and_then(Option::take) else {
            return;
        };
        let count = batch.records.lengths.len();
        match status {
            200..=299 => {
                self.failures = 0;
                self.retry_ms = 0.0;
                self.delivered = self.delivered.saturating_add(count as u64);
            }
            // Those that OTLP/HTTP calls retryable, and no answer at all.
            0 | 429 | 502 | 503 | 504 => {
                let wait = FIRST_RETRY_MS * f64::from(1u32 << self.failures.min(8));
                self.retry_ms = now_ms + wait.min(LAST_RETRY_MS);
                self.failures = self.failures.saturating_add(1);
                // Back to the front. The queue may have filled meanwhile; what
                // comes next then finds it full.
                let queue = self.queue(batch.signal);
                batch.records.append(queue);
                *queue = batch.records;
            }
            _ => self.lose(Loss::Rejected, count as u32),
        }
    }

    /// Queues an event with all losses so far, if they grew.
    fn tell_losses(&mut self, unix_nanos: u64) {
        let mut total = 0u64;
        let mut attributes = Attributes::default();
        for (name, lost) in LOSS_NAMES.iter().zip(self.lost) {
            total = total.saturating_add(lost);
            if lost > 0 {
                attributes.int(name, lost.cast_signed());
            }
        }
        if total == self.lost_told {
            return;
        }
        self.lost_told = total;
        let mut items = Writer::new();
        LogRecord {
            unix_nanos,
            severity: Severity::Warn,
            body: "",
            event_name: "sightline.lost",
            attributes: attributes.as_slice(),
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
        let flying = self.in_flight.iter().flatten().map(|one| &one.records);
        let all = flying.chain([&self.logs, &self.traces]);
        all.fold(0, |sum, records| sum.saturating_add(records.lengths.len()))
    }
}

#[cfg(test)]
mod tests;
