//! Records that wait for delivery: bounded queues, batches that fit a keepalive
//! request, what to do about each answer, and the account. Time and chance come
//! in as arguments; nothing is sent or stored from here.

use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::otlp::{
    Attribute, LOG_ATTRIBUTES, LogRecord, SPAN_ATTRIBUTES, Severity, Source, Writer, encode,
    export_request, with_fields,
};

use crate::attributes::Attributes;
use crate::gzip::gzip;

mod account;
mod records;

pub use account::{Account, Count};
pub use records::MAX_BATCH_BYTES;
use records::Records;

/// Bytes that each of the two queues holds at most.
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

/// What kind of records a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Events.
    Logs = 0,
    /// Spans.
    Traces = 1,
}

/// When, and for what, a batch is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To send it, unless a failure is waited out or two are on their way.
    InTime = 0,
    /// To send it now, whatever happened to the last one.
    Now = 1,
    /// To send it while the page goes; not while a failure is waited out.
    Leaving = 2,
    /// To keep it in storage.
    Keep = 3,
    /// To send it in time, if it is ready: records go on gathering.
    Ready = 4,
    /// To see the events that would be sent next, which wait on.
    PreviewLogs = 5,
    /// To see the spans.
    PreviewTraces = 6,
    /// To say that the engine broke, made ahead of the case.
    LastWords = 7,
}

impl Need {
    /// By its number; in time for one that is not known.
    pub fn of(number: f64) -> Self {
        const ALL: [Need; 8] = [
            Need::InTime,
            Need::Now,
            Need::Leaving,
            Need::Keep,
            Need::Ready,
            Need::PreviewLogs,
            Need::PreviewTraces,
            Need::LastWords,
        ];
        ALL.get(number as usize).copied().unwrap_or(Self::InTime)
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The status; 0 without an answer, [`KEPT`] if it lies in storage.
    pub status: u16,
    /// The delay that the answer asked for, or NaN.
    pub retry_after_ms: f64,
    /// From 0 to 1, so that pages don't come back all at once.
    pub chance: f64,
}

/// In place of a status: the batch lies in storage.
pub const KEPT: u16 = 1;
/// In place of a status: there was no room in storage, the batch waits on.
pub const NOT_KEPT: u16 = 2;

/// A request's body, made once: it stays the same on every try.
#[derive(Debug)]
pub struct Batch {
    /// By which to name it to [`Outbox::settle`]; not 0.
    pub id: u32,
    /// Where to send it.
    pub signal: Signal,
    /// Records in it.
    pub count: u32,
    /// OTLP, gzipped if that made it smaller.
    pub body: Vec<u8>,
    is_flying: bool,
}

/// The queues of a page.
#[derive(Debug, Default)]
pub struct Outbox {
    logs: Records,
    traces: Records,
    batches: Vec<Batch>,
    last_id: u32,
    failures: u32,
    retry_ms: f64,
    account: Account,
    /// By signal, encoded.
    marks: [Vec<u8>; 2],
}

impl Outbox {
    /// Every record that is queued from now on carries these attributes too.
    pub fn mark(&mut self, attributes: &[Attribute<'_>]) {
        self.marks = [
            encode(LOG_ATTRIBUTES, attributes),
            encode(SPAN_ATTRIBUTES, attributes),
        ];
    }

    /// Queues an encoded record, or counts it as lost.
    pub fn push(&mut self, signal: Signal, record: Writer) {
        let mark = self
            .marks
            .get(signal as usize)
            .map_or(&[][..], Vec::as_slice);
        let record = with_fields(&record.into_bytes(), mark);
        self.account.add(Count::Produced, 1);
        let queue = self.queue(signal);
        let bytes = queue.bytes().saturating_add(record.len());
        if record.len() > MAX_BATCH_BYTES || bytes > MAX_QUEUE_BYTES {
            self.account.add(Count::QueueFull, 1);
        } else {
            queue.push(&record);
        }
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
        self.add(signal, count, own);
    }

    fn add(&mut self, signal: Signal, count: u32, body: Vec<u8>) {
        self.last_id = self.last_id.wrapping_add(1).max(1);
        append::item(
            &mut self.batches,
            Batch {
                id: self.last_id,
                signal,
                count,
                body,
                is_flying: false,
            },
        );
    }

    fn queue(&mut self, signal: Signal) -> &mut Records {
        match signal {
            Signal::Logs => &mut self.logs,
            Signal::Traces => &mut self.traces,
        }
    }

    /// Bytes that wait and are not on their way.
    pub fn waiting_bytes(&self) -> usize {
        let waiting = self.batches.iter().filter(|batch| !batch.is_flying);
        let queued = self.logs.bytes().saturating_add(self.traces.bytes());
        waiting.fold(queued, |sum, batch| sum.saturating_add(batch.body.len()))
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
        let flying = self.batches.iter().filter(|batch| batch.is_flying);
        let (flights, bytes) = flying.fold((0usize, 0usize), |(flights, bytes), batch| {
            let bytes = bytes.saturating_add(batch.body.len());
            (flights.saturating_add(1), bytes)
        });
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
            _ => self.batches.len() < MAX_BATCHES,
        };
        let at = [Signal::Logs, Signal::Traces]
            .into_iter()
            .find_map(|signal| self.waiting(signal, seals, source, gzips))?;
        let batch = self.batches.get_mut(at)?;
        let is_beyond = bytes.saturating_add(batch.body.len()) > MAX_FLYING_BYTES;
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
        let waits = |batch: &Batch| batch.signal == signal && !batch.is_flying;
        let found = self.batches.iter().position(waits);
        if found.is_some() || !seals {
            return found;
        }
        let (body, count) = self.preview(signal, source, gzips)?;
        self.queue(signal).remove_batch();
        self.add(signal, count, body);
        self.batches.len().checked_sub(1)
    }

    /// What the next batch of the queue would be, which stays as it is.
    pub fn preview(
        &self,
        signal: Signal,
        source: &Source<'_>,
        gzips: bool,
    ) -> Option<(Vec<u8>, u32)> {
        let queue = match signal {
            Signal::Logs => &self.logs,
            Signal::Traces => &self.traces,
        };
        let (records, count) = queue.batch();
        if count == 0 {
            return None;
        }
        let mut body = export_request(source, records);
        if gzips {
            let smaller = gzip(&body);
            if smaller.len() < body.len() {
                body = smaller;
            }
        }
        Some((body, count as u32))
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
            self.failures = self.failures.saturating_add(1);
        }
        if is_failure || answer.status == NOT_KEPT {
            if let Some(batch) = self.batches.get_mut(at) {
                batch.is_flying = false;
            }
            return;
        }
        let count = self.batches.get(at).map_or(0, |batch| batch.count);
        // The last one takes its place, if it was not the last itself.
        let last = self.batches.pop();
        if let (Some(last), Some(place)) = (last, self.batches.get_mut(at)) {
            *place = last;
        }
        let what = match answer.status {
            200..=299 => {
                self.failures = 0;
                self.retry_ms = 0.0;
                Count::Delivered
            }
            KEPT => Count::Kept,
            _ => Count::Rejected,
        };
        self.account.add(what, count);
    }

    /// Queues an event with the account so far, if more was lost.
    fn tell_losses(&mut self, unix_nanos: u64) {
        let queued = self.queued();
        // An event that finds the queue full would be one more loss to tell.
        if self.logs.bytes() > MAX_QUEUE_BYTES / 2 {
            return;
        }
        let Some(attributes) = self.account.tell(queued) else {
            return;
        };
        self.tell("sightline.lost", Severity::Warn, unix_nanos, &attributes);
    }

    /// Queues an event about the SDK itself.
    pub fn tell(
        &mut self,
        event_name: &str,
        severity: Severity,
        unix_nanos: u64,
        attributes: &Attributes<'_>,
    ) {
        let mut items = Writer::new();
        LogRecord {
            unix_nanos,
            severity,
            body: "",
            event_name,
            attributes: attributes.as_slice(),
            context: None,
        }
        .write(&mut items);
        self.push(Signal::Logs, items);
    }

    /// The account: `produced + restored = delivered + lost + kept + queued`.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Records that wait or are on their way.
    pub fn queued(&self) -> u32 {
        let waiting = self.logs.count().saturating_add(self.traces.count()) as u32;
        self.batches
            .iter()
            .fold(waiting, |sum, batch| sum.saturating_add(batch.count))
    }
}

#[cfg(test)]
mod tests;
