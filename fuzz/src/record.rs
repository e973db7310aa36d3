//! What stands in shared data: other workers write it, but another build may
//! have, too.

use crate::plugin::configured;
use crate::shared_data::Shared;
use sightline_filter::exported::Exported;
use sightline_filter::families::{Naming, families};
use sightline_filter::now::Now;
use sightline_filter::open_metrics::{Form, page};
use sightline_filter::record::Record;

pub fn record(bytes: &[u8]) {
    if let Some(record) = Record::from_bytes(bytes) {
        let written = record.to_bytes();
        let again = Record::from_bytes(&written).map(|again| again.to_bytes());
        assert_eq!(again, Some(written));
        for naming in [Naming::Prometheus, Naming::OpenTelemetry] {
            let now = Now {
                unix_nanos: u64::MAX / 2,
                monotonic_nanos: 1,
            };
            let _ = page(&families(&record, naming, now), Form::OpenMetrics);
        }
    }
    let mut shared = Shared::default();
    for key in ["exported/sightline/2//edge", "sightline/2//edge"] {
        shared.values.insert(key.into(), (bytes.to_vec(), 1));
    }
    let _ = Exported::read(&mut shared, "sightline/2//edge");
    // A worker adds to whatever is there, and exports it.
    let mut worker = configured(shared);
    worker.request(
        10,
        &[
            (b":method".into(), b"GET".into()),
            (b":path".into(), b"/a".into()),
        ],
    );
    worker.end(10);
    worker.tick(60_000);
    worker.tick(60_000);
}
