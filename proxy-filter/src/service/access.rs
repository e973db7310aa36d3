//! What a service does when a request has ended that its log tells of.

use super::Service;
use crate::access_log::{Logged, Peer, write_line};
use crate::config::{PeerForm, Settings};
use crate::finished_span::Label;
use crate::ledger::Drop;
use crate::plugin::StreamInfo;

impl Service {
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
        if settings.logs.to_envoy {
            let label = Label::of(&self.red, record.series);
            write_line(&mut self.line, &record, settings, &label);
            stream.log_line(&self.line);
        }
        if let Some(export) = settings.export.as_ref().filter(|_| settings.logs.to_otlp) {
            self.ledger.log_records.produce(1);
            if !self.log_records.push(record, export.max_queue_bytes) {
                self.ledger.log_records.drop(Drop::QueueFull, 1);
            }
        }
    }
}
