//! A view: what a person takes for a page. It begins with a load, with a
//! restore from the back/forward cache, or with a soft navigation, and each
//! has vitals of its own.

use alloc::string::String;

use sightline_core::append;
use sightline_core::id::SpanId;
use sightline_core::names::VIEW_ID;

use crate::page::Location;
use crate::record::Record;
use crate::signals::cls::Cls;
use crate::signals::inp::Inp;
use crate::signals::lcp::Lcp;
use crate::signals::vital::Told;

/// How a view begins.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// `navigate`, `reload`, `back-forward`, `prerender` or `restore` of a
    /// load; `back-forward-cache` or `soft-navigation`.
    pub navigation_type: &'a str,
    /// What its times count from.
    pub origin_ms: f64,
    /// The interaction that navigated softly; else 0.
    pub interaction_id: f64,
    /// `performance.interactionCount` by then.
    pub interaction_count: f64,
}

/// One view.
#[derive(Debug)]
pub struct View {
    /// Where it is.
    pub location: Location,
    /// How it was come to.
    pub navigation_type: String,
    /// What its times count from.
    pub origin_ms: f64,
    /// Whether the document was loaded for it.
    pub is_load: bool,
    /// The interaction that navigated softly; else 0.
    pub interaction_id: f64,
    /// Its largest paint.
    pub lcp: Lcp,
    /// Its interactions.
    pub inp: Inp,
    /// Its shifts.
    pub cls: Cls,
    /// The first paint and what is left of it to tell.
    pub fcp_ms: Option<f64>,
    /// What was told, by [`Vital::place`](crate::signals::vital::Vital::place).
    pub told: [Told; 5],
    number: u64,
    id: String,
}

impl View {
    /// The first view of a page, whose ids begin with these random bytes.
    pub fn new(instance: SpanId, location: Location, beginning: &Beginning<'_>) -> Self {
        let number = u64::from_le_bytes(*instance.as_bytes());
        Self::numbered(number, location, beginning, true)
    }

    /// The view after this one, at this address, or where this one is.
    pub fn next(&self, location: Location, beginning: &Beginning<'_>) -> Self {
        Self::numbered(self.number.wrapping_add(1), location, beginning, false)
    }

    fn numbered(number: u64, location: Location, from: &Beginning<'_>, is_load: bool) -> Self {
        let mut id = String::new();
        append::hex(&mut id, &number.to_le_bytes());
        Self {
            location,
            navigation_type: append::owned(from.navigation_type),
            origin_ms: from.origin_ms,
            is_load,
            interaction_id: from.interaction_id,
            lcp: Lcp::default(),
            inp: Inp::new(from.interaction_count, !is_load),
            cls: Cls::default(),
            fcp_ms: None,
            told: [Told::default(); 5],
            number,
            id,
        }
    }

    /// The id, in hexadecimal digits; each view has another.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Adds where an event happened: the view, and the address by then.
    pub fn describe(&self, location: &Location, record: &mut Record) {
        record.text(VIEW_ID, &self.id);
        location.describe(record);
    }
}
