//! The bytes of a record in shared data. Whoever reads them may be another
//! build of the filter or find bytes of somebody else's: what can't be read
//! whole is no record. A change of the form takes a new key, see
//! [`crate::publishing::key`].

use super::{Record, Series, Standing, Worker};
use crate::governor::Offenders;
use crate::ledger::Ledger;
use crate::session::Origin;
use sightline_core::histogram::{Histogram, SECONDS_BOUNDS};

/// First byte of every record.
const MARK: u8 = 0xA3;

impl Record {
    /// The record as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![MARK];
        out.extend_from_slice(&self.start_unix_nanos.to_le_bytes());
        out.extend_from_slice(&self.instance);
        out.extend_from_slice(&self.lease.0.to_le_bytes());
        out.extend_from_slice(&self.lease.1.to_le_bytes());
        self.ledger.counts().for_each(|count| put(&mut out, count));
        put_len(&mut out, self.workers.len());
        for worker in &self.workers {
            out.extend_from_slice(&worker.id.to_le_bytes());
            put(&mut out, worker.seen_nanos);
            put(&mut out, worker.queued);
        }
        put_len(&mut out, self.series.len());
        for series in &self.series {
            series.write(&mut out);
        }
        put(&mut out, self.names_version);
        put(&mut out, self.series_start_unix_nanos);
        put_len(&mut out, self.offenders.list().len());
        for (parent, requests) in self.offenders.list() {
            put_len(&mut out, parent.len());
            out.extend_from_slice(parent.as_bytes());
            put(&mut out, *requests);
        }
        out
    }

    /// The record that these bytes are.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [MARK, rest @ ..] = bytes else {
            return None;
        };
        let mut input = Input(rest);
        let start_unix_nanos = input.fixed()?;
        let instance = *input.take(16)?.first_chunk()?;
        let lease = (input.fixed()?, input.fixed()?);
        let mut ledger = Ledger::default();
        for count in ledger.counts_mut() {
            *count = input.number()?;
        }
        let mut workers = Vec::new();
        for _ in 0..input.number()? {
            workers.push(Worker {
                id: input.fixed()?,
                seen_nanos: input.number()?,
                queued: input.number()?,
            });
        }
        let mut series = Vec::new();
        for _ in 0..input.number()? {
            series.push(Series::read(&mut input)?);
        }
        let (names_version, series_start_unix_nanos) = (input.number()?, input.number()?);
        let mut offenders = Offenders::default();
        for _ in 0..input.number()? {
            let parent = input.len()?;
            let parent = core::str::from_utf8(input.take(parent)?).ok()?;
            offenders.add(parent, input.number()?);
        }
        input.0.is_empty().then_some(Self {
            start_unix_nanos,
            instance,
            lease,
            ledger,
            workers,
            series,
            names_version,
            series_start_unix_nanos,
            offenders,
        })
    }
}

impl Series {
    fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.method);
        put_len(out, self.route.len());
        out.extend_from_slice(self.route.as_bytes());
        put_len(out, self.statuses.len());
        for (status, count) in &self.statuses {
            put(out, u64::from(*status));
            put(out, *count);
        }
        self.durations
            .counts()
            .iter()
            .for_each(|count| put(out, *count));
        out.extend_from_slice(&self.durations.sum().to_le_bytes());
        put_len(out, self.in_progress.len());
        for (worker, count) in &self.in_progress {
            out.extend_from_slice(&worker.to_le_bytes());
            put(out, *count);
        }
        self.standing.write(out);
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let method = input.len()?;
        let route = input.len()?;
        let route = core::str::from_utf8(input.take(route)?).ok()?;
        let mut statuses = Vec::new();
        for _ in 0..input.number()? {
            statuses.push((u16::try_from(input.number()?).ok()?, input.number()?));
        }
        let mut counts = [0; SECONDS_BOUNDS.len() + 1];
        for count in &mut counts {
            *count = input.number()?;
        }
        let sum = f64::from_bits(input.fixed()?);
        let mut durations = Histogram::new(&SECONDS_BOUNDS);
        durations.merge(&counts, sum);
        let mut in_progress = Vec::new();
        for _ in 0..input.number()? {
            in_progress.push((input.fixed()?, input.number()?));
        }
        Some(Self {
            method,
            route: Box::from(route),
            statuses,
            durations,
            in_progress,
            standing: Standing::read(input)?,
        })
    }
}

impl Standing {
    fn write(self, out: &mut Vec<u8>) {
        out.push(self.origin as u8);
        out.push(u8::from(self.is_open));
        put(out, self.seen_nanos);
        put(out, self.start_unix_nanos);
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let [origin, is_open] = *input.take(2)?.first_chunk()?;
        let origins = [Origin::Template, Origin::RouteName, Origin::Segments];
        Some(Self {
            origin: *origins.get(usize::from(origin))?,
            is_open: is_open != 0,
            seen_nanos: input.number()?,
            start_unix_nanos: input.number()?,
        })
    }
}

/// LEB128.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_len(out: &mut Vec<u8>, number: usize) {
    put(out, u64::try_from(number).unwrap_or_default());
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn fixed(&mut self) -> Option<u64> {
        let bytes = self.take(8)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte, rest @ ..] = self.0 else {
                return None;
            };
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn len(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }
}
