//! What increments (delta temporality) begin at: the last export of metrics
//! that was acknowledged, kept where the next worker finds it whose turn it is.

use crate::record::Record;
use crate::shared_data::SharedData;

/// What was exported and acknowledged: when, and the record as it was then.
/// Only increments (delta temporality) need it.
#[derive(Debug)]
pub struct Exported {
    /// In nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// The record.
    pub record: Record,
}

impl Exported {
    /// Reads what [`Exported::write`] wrote.
    pub fn read(shared: &mut dyn SharedData, service: &str) -> Option<Self> {
        let (bytes, _) = shared.get(&exported_key(service))?;
        let (time, record) = bytes.split_first_chunk()?;
        Some(Self {
            unix_nanos: u64::from_le_bytes(*time),
            record: Record::from_bytes(record)?,
        })
    }

    /// Keeps it for the next export, whichever worker makes that.
    pub fn write(&self, shared: &mut dyn SharedData, service: &str) {
        let mut bytes = Vec::from(self.unix_nanos.to_le_bytes());
        bytes.extend(self.record.to_bytes());
        // Without a number it is written in any case; only one worker exports.
        let _ = shared.set(&exported_key(service), &bytes, 0);
    }
}

fn exported_key(service: &str) -> String {
    ["exported/", service].concat()
}
