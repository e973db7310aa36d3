//! Records that wait for delivery: bounded queues, batches that fit a keepalive
//! request, what to do about each answer, and the account. Time and chance come
//! in as arguments; nothing is sent or stored from here.

use alloc::string::String;
use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::otlp::{Source, Writer, export_request, write_item};
use sightline_core::trace_context::SpanContext;

use crate::attributes::Common;
use crate::gzip::gzip;
use crate::record::Record;

mod account;
mod need;
mod signal;
mod spare;

pub use account::{Account, Count};
pub use need::Need;
pub use signal::Signal;
use spare::Spare;

/// Bytes of records in a batch at most. Browsers allow 64 KiB of keepalive
/// bodies in flight: two batches with their resource fit, even uncompressed.
pub const MAX_BATCH_BYTES: usize = 28 * 1024;
/// Bytes that the queue of each signal holds at most.
pub const MAX_QUEUE_BYTES: usize = 96 * 1024;
/// Of the 64 KiB that may be in flight when a page goes, the most that is used:
/// the page may have posts of its own.
pub const MAX_FLYING_BYTES: usize = 60 * 1024;
/// Requests in flight while the page stays.
const MAX_IN_FLIGHT: usize = 2;
/// Batches that are in flight, or were and wait for another try.
const MAX_BATCHES: usize = 8;

const FIRST_RETRY_MS: f64 = 5_000.0;
const LAST_RETRY_MS: f64 = 60_000.0;
/// A collector that wants to be left alone for longer is asked nevertheless.
const MAX_RETRY_AFTER_MS: f64 = 3_600_000.0;

/// What became of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The status; 0 without an answer, [`KEPT`] if it lies in storage.
    pub status: u32,
    /// The delay that the answer asked for, or NaN.
    pub retry_after_ms: f64,
    /// From 0 to 1, so that pages don't come back all at once.
    pub chance: f64,
    /// Records that the collector refused though it took the batch.
    pub rejected: u32,
}

const SESSION_ID: &str = "session.id";

/// In place of a status: the batch lies in storage.
pub const KEPT: u32 = 1;
/// In place of a status: there was no room in storage, the batch waits on.
pub const NOT_KEPT: u32 = 2;

/// Records of one signal that go together. They gather until there is need of
/// them; then the request's body is made, which stays the same on every try.
#[derive(Debug)]
pub struct Batch {
    /// By which to name it to [`Outbox::settle`]; 0 while records gather.
    pub id: u32,
    /// Where to send it.
    pub signal: Signal,
    /// Records in it.
    pub count: u32,
    /// OTLP, gzipped if that made it smaller; the records only while they gather.
    pub body: Vec<u8>,
    is_flying: bool,
}

impl Batch {
    fn gathers(&self, signal: Signal) -> bool {
        self.id == 0 && self.signal == signal
    }

    fn waits(&self, signal: Signal) -> bool {
        self.id != 0 && self.signal == signal && !self.is_flying
    }
}

/// The queues of a page.
#[derive(Debug, Default)]
pub struct Outbox {
    /// `session.id` of every record that is queued from now on; may be empty.
    pub session_id: String,
    /// What else every record has that is queued from now on.
    pub common: Common,
    spare: Spare,
    /// Whether they are sent from now on: what goes on ends after an error.
    pub has_erred: bool,
    /// The oldest first, as far as they gather.
    batches: Vec<Batch>,
    last_id: u32,
    failures: u32,
    retry_ms: f64,
    account: Account,
}

impl Outbox {
    /// Queues a record, or counts it as lost.
    pub fn push(&mut self, signal: Signal, mut record: Record) {
        // A series for each session would be without bound.
        if signal != Signal::Metrics {
            self.describe(&mut record);
        }
        let record = record.into_bytes();
        self.account.add(Count::Produced, 1);
        let (bytes, last) = self.gathered(signal);
        let more = record.len();
        if more > MAX_BATCH_BYTES || bytes.wrapping_add(more) > MAX_QUEUE_BYTES {
            return self.account.add(Count::QueueFull, 1);
        }
        let fits = |batch: &Batch| batch.body.len().wrapping_add(more) <= MAX_BATCH_BYTES;
        let mut at = last;
        if !self.batches.get(at).is_some_and(fits) {
            at = self.batches.len();
            self.add(0, signal, 0, Vec::new());
        }
        if let Some(batch) = self.batches.get_mut(at) {
            add_item(&mut batch.body, &record);
            batch.count = batch.count.wrapping_add(1);
        }
    }

    fn describe(&self, record: &mut Record) {
        if !record.fields.has(SESSION_ID) {
            record.text(SESSION_ID, &self.session_id);
        }
        self.common.describe(record);
    }

    /// Queues a span, if its trace is sampled. Of others the last ones wait in
    /// case something goes wrong.
    pub fn push_span(&mut self, context: &SpanContext, mut span: Record) {
        if context.flags.sampled() || self.has_erred {
            return self.push(Signal::Traces, span);
        }
        self.describe(&mut span);
        self.spare.push(&span.into_bytes());
    }

    /// Something went wrong: the spans that were not sampled are sent, too.
    pub fn release(&mut self) {
        while let Some(spans) = self.spare.take() {
            self.account.add(Count::Produced, spans.count);
            let (bytes, _) = self.gathered(Signal::Traces);
            if bytes.wrapping_add(spans.bytes.len()) > MAX_QUEUE_BYTES {
                self.account.add(Count::QueueFull, spans.count);
            } else {
                self.add(0, Signal::Traces, spans.count, spans.bytes);
            }
        }
    }

    /// Bytes of the records that gather, and the place of the last batch of them.
    #[inline(never)]
    fn gathered(&self, signal: Signal) -> (usize, usize) {
        let (mut bytes, mut last) = (0usize, usize::MAX);
        for (at, batch) in self.batches.iter().enumerate() {
            if batch.gathers(signal) {
                bytes = bytes.wrapping_add(batch.body.len());
                last = at;
            }
        }
        (bytes, last)
    }

    /// Counts records that were lost before they were pushed.
    pub fn lose(&mut self, why: Count, count: u32) {
        // What storage lost was counted when it was made.
        let made = match why {
            Count::StorageFull => Count::Restored,
            _ => Count::Produced,
        };
        self.account.add(made, count);
        self.account.add(why, count);
    }

    /// A batch that an earlier page left in storage.
    pub fn restore(&mut self, signal: Signal, count: u32, body: &[u8]) {
        self.account.add(Count::Restored, count);
        let mut own = Vec::new();
        append::bytes(&mut own, body);
        let id = self.new_id();
        self.add(id, signal, count, own);
    }

    fn add(&mut self, id: u32, signal: Signal, count: u32, body: Vec<u8>) {
        let batch = Batch {
            id,
            signal,
            count,
            body,
            is_flying: false,
        };
        append::item(&mut self.batches, batch);
    }

    fn new_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1).max(1);
        self.last_id
    }

    /// Bytes that wait and are not on their way.
    pub fn waiting_bytes(&self) -> usize {
        let waiting = self.batches.iter().filter(|batch| !batch.is_flying);
        waiting.fold(0, |sum, batch| sum.wrapping_add(batch.body.len()))
    }

    /// The next batch, events first: it counts as on its way until it is
    /// settled. None beyond what may be in flight.
    pub fn next(
        &mut self,
        need: Need,
        now_ms: f64,
        unix_nanos: u64,
        source: &Source<'_>,
        gzips: bool,
    ) -> Option<&Batch> {
        let is_patient = matches!(need, Need::InTime | Need::Ready);
        let is_backing_off = now_ms < self.retry_ms;
        if is_patient && is_backing_off {
            return None;
        }
        let (mut flights, mut bytes, mut sealed) = (0usize, 0usize, 0usize);
        for batch in &self.batches {
            if batch.is_flying {
                flights = flights.wrapping_add(1);
                bytes = bytes.wrapping_add(batch.body.len());
            }
            if batch.id != 0 {
                sealed = sealed.wrapping_add(1);
            }
        }
        if is_patient && flights >= MAX_IN_FLIGHT {
            return None;
        }
        // An event about each batch that makes others go would make more go.
        if need != Need::Keep {
            self.tell_losses(unix_nanos);
        }
        if need == Need::Leaving && is_backing_off {
            return None;
        }
        let seals = match need {
            Need::Ready => false,
            // It does not stay here.
            Need::Keep => true,
            _ => sealed < MAX_BATCHES,
        };
        let mut waiting = |signal| self.waiting(signal, seals, source, gzips);
        let at = waiting(Signal::Logs)
            .or_else(|| waiting(Signal::Metrics))
            .or_else(|| waiting(Signal::Traces))?;
        let batch = self.batches.get_mut(at)?;
        let is_beyond = bytes.wrapping_add(batch.body.len()) > MAX_FLYING_BYTES;
        if need != Need::Keep && flights > 0 && is_beyond {
            return None;
        }
        batch.is_flying = true;
        Some(batch)
    }

    /// The place of a batch that waits. If there is none, one of the queue's
    /// records, where that may be sealed.
    fn waiting(
        &mut self,
        signal: Signal,
        seals: bool,
        source: &Source<'_>,
        gzips: bool,
    ) -> Option<usize> {
        let found = self.batches.iter().position(|batch| batch.waits(signal));
        if found.is_some() || !seals {
            return found;
        }
        let gathers = |batch: &Batch| batch.gathers(signal);
        let at = self.batches.iter().position(gathers)?;
        let id = self.new_id();
        let batch = self.batches.get_mut(at)?;
        batch.id = id;
        batch.body = sealed(&batch.body, source, gzips);
        Some(at)
    }

    /// The body of the batch that would be sealed next.
    pub fn preview(&self, signal: Signal, source: &Source<'_>, gzips: bool) -> Option<Vec<u8>> {
        let mut batches = self.batches.iter();
        let batch = batches.find(|batch| batch.gathers(signal))?;
        Some(sealed(&batch.body, source, gzips))
    }

    /// What became of a batch. After a failure that may pass it waits for the
    /// next try.
    pub fn settle(&mut self, id: u32, answer: Answer, now_ms: f64) {
        let has_id = |batch: &Batch| batch.id == id && batch.is_flying;
        let Some(at) = self.batches.iter().position(has_id) else {
            return;
        };
        // Those that OTLP/HTTP calls retryable, and no answer at all.
        let is_failure = matches!(answer.status, 0 | 429 | 502 | 503 | 504);
        if is_failure {
            let wait = FIRST_RETRY_MS * f64::from(1u32 << self.failures.min(8));
            // The maximum of a number and NaN is the number.
            let wait = wait.min(LAST_RETRY_MS).max(answer.retry_after_ms);
            let wait = wait.min(MAX_RETRY_AFTER_MS) * (1.0 + answer.chance / 2.0);
            self.retry_ms = self.retry_ms.max(now_ms + wait);
            self.failures = self.failures.wrapping_add(1);
        }
        if is_failure || answer.status == NOT_KEPT {
            if let Some(batch) = self.batches.get_mut(at) {
                batch.is_flying = false;
            }
            return;
        }
        let mut count = self.batches.get(at).map_or(0, |batch| batch.count);
        // Those behind it move up: records stay in order.
        let mut behind = self.batches.get_mut(at..).unwrap_or_default();
        while let [batch, rest @ ..] = behind {
            if let Some(next) = rest.first_mut() {
                core::mem::swap(batch, next);
            }
            behind = rest;
        }
        self.batches.pop();
        let what = match answer.status {
            200..=299 => {
                self.failures = 0;
                self.retry_ms = 0.0;
                let rejected = answer.rejected.min(count);
                self.account.add(Count::Rejected, rejected);
                count = count.saturating_sub(rejected);
                Count::Delivered
            }
            KEPT => Count::Kept,
            _ => Count::Rejected,
        };
        self.account.add(what, count);
    }

    /// Queues an event with the account so far, if more was lost.
    fn tell_losses(&mut self, unix_nanos: u64) {
        // An event that finds the queue full would be one more loss to tell.
        if self.gathered(Signal::Logs).0 > MAX_QUEUE_BYTES / 2 {
            return;
        }
        let queued = self.queued();
        if let Some(event) = self.account.tell(queued, unix_nanos) {
            self.push(Signal::Logs, event);
        }
    }

    /// The account: `produced + restored = delivered + lost + kept + queued`.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Records that wait or are on their way.
    pub fn queued(&self) -> u32 {
        let counts = self.batches.iter().map(|batch| batch.count);
        counts.fold(0, u32::saturating_add)
    }
}

/// Adds a record to those that are written.
pub fn add_item(records: &mut Vec<u8>, record: &[u8]) {
    let mut items = Writer::from_bytes(core::mem::take(records));
    write_item(&mut items, record);
    *records = items.into_bytes();
}

/// The body of a request with these records, as it goes out.
pub fn sealed(records: &[u8], source: &Source<'_>, gzips: bool) -> Vec<u8> {
    let body = export_request(source, records);
    if gzips {
        let smaller = gzip(&body);
        if smaller.len() < body.len() {
            return smaller;
        }
    }
    body
}

#[cfg(test)]
mod tests;
