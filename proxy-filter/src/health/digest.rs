//! What the endpoints need to know, in a few bytes of shared data: an answer
//! must not cost the reading of a whole record. The worker whose turn it is
//! writes it each time it has published.

use super::Finding;
use crate::leb128::{Input, put, put_len};
use crate::now::Now;
use crate::record::Record;
use crate::shared_data::SharedData;

/// First byte of every digest.
const MARK: u8 = 0xD1;

/// What the record says of health.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// When it was written, on the monotonic clock.
    pub written_nanos: u64,
    /// VMs that fell silent and were not replaced.
    pub missing: u64,
    /// What the probes found last.
    pub findings: Vec<Finding>,
}

impl Digest {
    /// What this record says.
    pub fn of(record: &Record, now: Now) -> Self {
        Self {
            written_nanos: now.monotonic_nanos,
            missing: record.missing(),
            findings: record.findings().to_vec(),
        }
    }

    /// Leaves it for all workers.
    pub fn write(&self, shared: &mut dyn SharedData, service: &str) {
        let mut out = vec![MARK];
        put(&mut out, self.written_nanos);
        put(&mut out, self.missing);
        put_len(&mut out, self.findings.len());
        for finding in &self.findings {
            finding.write(&mut out);
        }
        // Without a number it is written in any case; the next one is as good.
        let _ = shared.set(&key(service), &out, 0);
    }

    /// What was written last.
    pub fn read(shared: &mut dyn SharedData, service: &str) -> Option<Self> {
        let (bytes, _) = shared.get(&key(service))?;
        let mut input = Input(&bytes);
        if input.byte()? != MARK {
            return None;
        }
        let (written_nanos, missing) = (input.number()?, input.number()?);
        let mut findings = Vec::new();
        for _ in 0..input.number()? {
            findings.push(Finding::read(&mut input)?);
        }
        input.0.is_empty().then_some(Self {
            written_nanos,
            missing,
            findings,
        })
    }
}

fn key(service: &str) -> String {
    ["health/", service].concat()
}
