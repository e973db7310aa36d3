//! The vitals of a view: when it begins, and what is told of it when.

use super::Session;
use sightline_core::names::URL_TEMPLATE;
use sightline_core::otlp::Writer;

use crate::outbox::Signal;
use crate::page::Location;
use crate::record::Record;
use crate::signals::cls::CLS;
use crate::signals::fcp::{self, FCP};
use crate::signals::inp::INP;
use crate::signals::lcp::LCP;
use crate::signals::ttfb::{self, TTFB};
use crate::signals::vital::{self, Vital};
use crate::view::Beginning;

impl Session {
    /// What is known of the first paint, told as soon as its parts are.
    pub(super) fn on_first_paint(&mut self, paint_ms: f64) {
        if paint_ms < self.hidden_ms {
            self.view.fcp_ms = Some(paint_ms);
            self.has_painted = true;
            self.tell_early(paint_ms);
        }
    }

    /// Another view begins, in sight. It has its first byte at once.
    pub(super) fn begin(
        &mut self,
        navigation_type: &str,
        location: Location,
        origin_ms: f64,
        interaction_id: f64,
        interaction_count: f64,
    ) {
        let beginning = Beginning {
            navigation_type,
            origin_ms,
            interaction_id,
            interaction_count,
        };
        self.view = self.view.next(location, &beginning);
        self.hidden_ms = f64::INFINITY;
        self.tell(&TTFB, Some(0.0), origin_ms);
    }

    /// Tells what does not change any more, once the document's load, which
    /// its parts refer to, is known.
    pub(super) fn tell_early(&mut self, now_ms: f64) {
        if self.has_parts {
            let view = &self.view;
            let (origin, hidden) = (view.origin_ms, self.hidden_ms);
            let fcp = view.fcp_ms.and_then(|at| fcp::value(at, origin, hidden));
            let lcp = view.lcp.value();
            self.tell(&FCP, fcp, view.fcp_ms.unwrap_or(now_ms));
            self.tell(&LCP, lcp, now_ms);
        }
    }

    /// Tells every vital of the view, as far as it is known.
    pub(super) fn tell_all(&mut self, now_ms: f64, interaction_count: f64) {
        self.has_parts = true;
        self.view.lcp.finish();
        self.tell_early(now_ms);
        self.view.inp.counted(interaction_count);
        self.tell(&INP, self.view.inp.value(), now_ms);
        // As CrUX does: no shifts of a page that painted nothing in sight.
        let has_cls = self.has_painted && !self.lacks_shifts;
        let cls = has_cls.then(|| self.view.cls.value());
        self.tell(&CLS, cls, now_ms);
    }

    pub(super) fn tell(&mut self, vital: &Vital, value: Option<f64>, at_ms: f64) {
        let Some(told) = self.view.told.get_mut(vital.place) else {
            return;
        };
        let Some(report) = value.and_then(|value| told.tell(value)) else {
            return;
        };
        let (view, navigation) = (&self.view, &self.navigation);
        let first_byte = if view.is_load {
            navigation.first_byte()
        } else {
            0.0
        };
        let at = self.clock.unix_nanos(at_ms);
        let mut event = vital::event(vital, report, view, &self.page.context, at);
        match vital.place {
            0 => view.lcp.describe(first_byte, &mut event),
            1 => view.inp.describe(&self.frames, navigation, &mut event),
            2 => view.cls.describe(navigation, &mut event),
            3 => {
                let paint_ms = view.fcp_ms.filter(|_| view.is_load);
                let state = navigation.load_state(paint_ms.unwrap_or(view.origin_ms));
                fcp::describe(report.value, first_byte, state, &mut event);
            }
            _ if view.is_load => ttfb::describe(report.value, navigation, &mut event),
            _ => {}
        }
        self.outbox.push(Signal::Logs, event);
        if report.value > vital.fair {
            self.outbox.release();
        }
        if self.has_metrics && report.is_first {
            let times = [self.clock.unix_nanos(view.origin_ms), at];
            let labels = |point: &mut Writer, field| {
                point.text(field, URL_TEMPLATE, &view.location.template);
                point.text(field, vital::NAVIGATION_TYPE, &view.navigation_type);
            };
            let histogram = Record::histogram(vital, report.value, times, labels);
            self.outbox.push(Signal::Metrics, histogram);
        }
    }
}
