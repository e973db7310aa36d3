//! Finished spans that wait for their export, oldest first, bounded in bytes.
//! Spans stay in the queue while they are under way, so that a failed export
//! loses nothing; what comes when the queue is full is turned away.

use crate::finished_span::{FinishedSpan, Label};
use crate::red::{Red, method_name};
use sightline_core::names;
use sightline_core::otlp::Writer;
use std::collections::VecDeque;

/// About the most bytes in one export request.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// The queue.
#[derive(Debug, Default)]
pub struct SpanQueue {
    spans: VecDeque<FinishedSpan>,
    bytes: usize,
}

/// Spans encoded for one export request: the first ones of the queue.
#[derive(Debug)]
pub struct Batch {
    /// How many.
    pub spans: usize,
    /// The items of the request.
    pub items: Vec<u8>,
}

impl SpanQueue {
    /// Adds a span if it fits; says whether it did.
    pub fn push(&mut self, span: FinishedSpan, max_bytes: usize) -> bool {
        let bytes = self.bytes.saturating_add(span.weight());
        if bytes > max_bytes {
            return false;
        }
        self.bytes = bytes;
        self.spans.push_back(span);
        true
    }

    /// How many spans wait.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// About how many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The series that spans wait for the names of.
    pub fn series(&self) -> impl Iterator<Item = usize> {
        self.spans.iter().map(|span| span.series)
    }

    /// Encodes the oldest spans, as many as go into one request.
    pub fn batch(&self, red: &Red, request_id_key: &str) -> Batch {
        let mut items = Writer::new();
        let mut spans = 0usize;
        for span in &self.spans {
            if items.len() >= MAX_BATCH_BYTES {
                break;
            }
            let series = red.get(span.series);
            let route = series.map(|series| &*series.route);
            let label = Label {
                method: series.map_or(names::METHOD_OTHER, |series| method_name(series.method)),
                route: route.filter(|route| !matches!(*route, names::OTHER | names::UNKNOWN)),
            };
            span.write(&label, request_id_key, &mut items);
            spans = spans.saturating_add(1);
        }
        let items = items.into_bytes();
        Batch { spans, items }
    }

    /// Takes the oldest spans out; says how many there were.
    pub fn remove(&mut self, spans: usize) -> u64 {
        let mut removed = 0u64;
        for _ in 0..spans {
            let Some(span) = self.spans.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(span.weight());
            removed = removed.saturating_add(1);
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finished_span::tests::span;

    #[test]
    fn what_does_not_fit_is_turned_away_and_the_oldest_go_first() {
        let mut queue = SpanQueue::default();
        let weight = span(b"/a").weight();
        assert!(queue.push(span(b"/a"), 2 * weight));
        assert!(queue.push(span(b"/b"), 2 * weight));
        assert!(!queue.push(span(b"/c"), 2 * weight));
        assert_eq!((queue.len(), queue.bytes()), (2, 2 * weight));
        assert_eq!(queue.batch(&Red::default(), "id").spans, 2);
        assert_eq!(queue.remove(1), 1);
        assert!(queue.push(span(b"/c"), 2 * weight));
        assert_eq!(queue.remove(9), 2);
        assert_eq!((queue.len(), queue.bytes()), (0, 0));
    }

    #[test]
    fn a_batch_is_bounded() {
        let mut queue = SpanQueue::default();
        while queue.bytes() < 3 * MAX_BATCH_BYTES {
            assert!(queue.push(span(&[b'x'; 1000]), usize::MAX));
        }
        let batch = queue.batch(&Red::default(), "id");
        assert!(batch.items.len() < MAX_BATCH_BYTES + 2000);
        assert!((1..queue.len()).contains(&batch.spans));
    }
}
