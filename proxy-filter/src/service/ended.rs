//! What a service does when a request has ended: what waits for a collector,
//! and what is told at once.

use super::Service;
use crate::access_log::{Logged, Peer, write_line};
use crate::config::{PeerForm, Settings};
use crate::finished_span::{FinishedSpan, Label};
use crate::ledger::Drop;
use crate::plugin::StreamInfo;

impl Service {
    /// A span has ended.
    pub fn record_span(&mut self, span: &FinishedSpan, settings: &Settings) {
        let Some(export) = &settings.export else {
            return;
        };
        self.ledger.spans.produce(1);
        let label = Label::of(&self.red, span.series);
        let write = |items: &mut _| span.write(&label, &settings.request_id_attribute, items);
        let max_bytes = export.max_queue_bytes;
        if !self.spans.push(span.end_unix_nanos(), max_bytes, write) {
            self.ledger.spans.drop(Drop::QueueFull, 1);
        }
    }

    /// A request has ended: the log tells of it, or not.
    pub fn record_access(
        &mut self,
        logged: Logged,
        settings: &Settings,
        stream: &mut impl StreamInfo,
    ) {
        let mut record = match logged {
            Logged::Off => return,
            Logged::SampledOut => {
                self.ledger.logs_sampled_out = self.ledger.logs_sampled_out.saturating_add(1);
                return;
            }
            Logged::Record(record) => record,
        };
        if settings.logs.peer != PeerForm::Off {
            let address = stream.source_address();
            record.peer = Peer::new(&address, settings.logs.peer, self.peer_key);
        }
        let label = Label::of(&self.red, record.series);
        if settings.logs.to_envoy {
            write_line(&mut self.line, &record, settings, &label);
            stream.log_line(&self.line);
        }
        if let Some(export) = settings.export.as_ref().filter(|_| settings.logs.to_otlp) {
            self.ledger.log_records.produce(1);
            let write = |items: &mut _| record.write(&label, &settings.request_id_attribute, items);
            let max_bytes = export.max_queue_bytes;
            if !self.log_records.push(record.unix_nanos, max_bytes, write) {
                self.ledger.log_records.drop(Drop::QueueFull, 1);
            }
        }
    }
}
