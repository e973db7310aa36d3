//! What the objectives promise of requests, as the bounds of panels.

use super::Thresholds;
use crate::objective::{Document, Events};

/// Bounds for all requests at the edge; none where nothing is promised of them.
#[derive(Clone, Copy)]
pub struct Promised {
    /// The share that fails: bad where the budget burns ten times as fast as it may.
    pub failed: Thresholds,
    /// How long they take: bad at twice of it.
    pub duration: Thresholds,
}

impl Promised {
    pub fn by(document: &Document) -> Self {
        let of_all = || document.objectives.iter().filter(|one| one.only.is_empty());
        let failed = of_all().find_map(|one| match one.events {
            Events::Requests => Some(Thresholds::Below(one.budget(), 10.0 * one.budget())),
            _ => None,
        });
        let duration = of_all().find_map(|one| match one.events {
            Events::RequestsWithin(seconds) => Some(Thresholds::Below(seconds, 2.0 * seconds)),
            _ => None,
        });
        Self {
            failed: failed.unwrap_or(Thresholds::None),
            duration: duration.unwrap_or(Thresholds::None),
        }
    }
}
