//! One page's telemetry as a state machine: what the page measured goes in,
//! batches of OTLP come out. Knows no browser.

mod identity;
mod vitals;

use alloc::string::String;
use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::names::BROWSER_SCOPE;
use sightline_core::otlp::{Severity, Source};
use sightline_core::route::Routes;
use sightline_core::search::split;
use sightline_core::trace_context::SpanContext;

use crate::breadcrumbs::Breadcrumbs;
use crate::clock::Clock;
use crate::input::Input;
use crate::navigation::Navigation;
use crate::outbox::{Answer, Count, Need, Outbox, Signal, add_item, sealed};
use crate::page::{Location, Page, PageStart};
use crate::record::Record;
use crate::signals::custom::{self, Event as CustomEvent};
use crate::signals::document_load;
use crate::signals::errors::{self, Errors, Thrown, Verdict};
use crate::signals::fetch::{self, Fetched};
use crate::signals::frames::Frames;
use crate::signals::lcp::Paint;
use crate::signals::ttfb::{self, TTFB};
use crate::view::{Beginning, View};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What `init` was given, as far as the engine needs it.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// `service.name`; may be empty.
    pub service_name: &'a str,
    /// `service.version`; may be empty.
    pub service_version: &'a str,
    /// `deployment.environment.name`; may be empty.
    pub environment: &'a str,
    /// Route templates, one a line.
    pub routes: &'a str,
    /// Whether each vital of a view is told as a histogram, too.
    pub has_metrics: bool,
    /// `performance.timeOrigin`.
    pub origin_unix_ms: f64,
}

/// The state of one page.
#[derive(Debug)]
pub struct Session {
    resource: Record,
    routes: Routes,
    /// For each template a digit: its [`TemplateError`], or 0.
    ///
    /// [`TemplateError`]: sightline_core::route::TemplateError
    pub bad_routes: String,
    clock: Clock,
    page: Page,
    view: View,
    navigation: Navigation,
    frames: Frames,
    hidden_ms: f64,
    has_painted: bool,
    lacks_shifts: bool,
    errors: Errors,
    reports: Errors,
    breadcrumbs: Breadcrumbs,
    has_document_load: bool,
    has_parts: bool,
    has_metrics: bool,
    outbox: Outbox,
}

impl Session {
    /// Begins. Bad templates are left out.
    pub fn new(options: &Options<'_>, start: &PageStart<'_>) -> Self {
        let mut routes = Routes::default();
        let mut bad_routes = String::new();
        for template in split(options.routes, b'\n') {
            let problem = routes.add(template);
            append::digit(&mut bad_routes, problem.map_or(0, |problem| problem as u8));
        }
        let page = Page::new(start, &routes);
        let beginning = Beginning {
            navigation_type: start.navigation_type,
            origin_ms: start.activation_ms,
            interaction_id: 0.0,
            interaction_count: 0.0,
        };
        // The page's location made again: code that copies it takes 0.3 kB.
        let view = View::new(page.instance, Location::new(start.url, &routes), &beginning);
        Self {
            resource: resource(options),
            routes,
            bad_routes,
            clock: Clock::new(options.origin_unix_ms),
            page,
            view,
            navigation: Navigation::new(start.activation_ms),
            frames: Frames::default(),
            hidden_ms: start.hidden_ms,
            has_painted: false,
            lacks_shifts: false,
            errors: Errors::default(),
            reports: Errors::default(),
            breadcrumbs: Breadcrumbs::default(),
            has_document_load: false,
            has_parts: false,
            has_metrics: options.has_metrics,
            outbox: Outbox::default(),
        }
    }

    /// Takes in what happened.
    #[inline(always)]
    pub fn on(&mut self, input: Input<'_>) {
        match input {
            Input::FirstContentfulPaint { paint_ms } => self.on_first_paint(paint_ms),
            Input::LargestContentfulPaint(paint) => {
                if paint.interaction_id == self.view.interaction_id {
                    let origin = self.view.origin_ms;
                    self.view.lcp.candidate(&paint, origin, self.hidden_ms);
                }
            }
            Input::FirstInput { now_ms } => {
                self.view.lcp.finish();
                self.tell_early(now_ms);
            }
            Input::LayoutShift {
                value,
                at_ms,
                target,
            } => self.view.cls.shift(value, at_ms, target),
            Input::Event(event) => self.view.inp.event(&event, &mut self.frames),
            Input::Script(script) => self.frames.script(&script, &self.view.inp),
            Input::SoftNavigation {
                start_ms,
                interaction_id,
                paint_ms,
                interaction_count,
                url,
            } => {
                self.tell_all(start_ms, interaction_count);
                let location = Location::new(url, &self.routes);
                self.breadcrumbs.add(start_ms, "navigation", &location.full);
                self.begin(
                    "soft-navigation",
                    location,
                    start_ms,
                    interaction_id,
                    interaction_count,
                );
                self.on_first_paint(paint_ms);
            }
            Input::Restored {
                at_ms,
                interaction_count,
            } => {
                let location = core::mem::take(&mut self.view.location);
                self.begin(
                    "back-forward-cache",
                    location,
                    at_ms,
                    0.0,
                    interaction_count,
                );
            }
            Input::Repainted { now_ms } => {
                self.on_first_paint(now_ms);
                let paint = Paint {
                    paint_ms: now_ms,
                    ..Paint::default()
                };
                let origin = self.view.origin_ms;
                self.view.lcp.candidate(&paint, origin, self.hidden_ms);
                self.view.lcp.finish();
                self.tell_early(now_ms);
            }
            Input::Thrown(thrown) => self.on_thrown(&thrown),
            Input::Fetched(fetched) => self.on_fetched(&fetched),
            Input::DocumentLoad { end_ms, phases_ms } => self.on_document_load(phases_ms, end_ms),
            Input::Hidden {
                now_ms,
                interaction_count,
            } => {
                self.hidden_ms = self.hidden_ms.min(now_ms);
                self.tell_all(now_ms, interaction_count);
            }
            Input::CustomEvent(event) => self.on_custom_event(&event),
            Input::Span(span) => {
                if let Some(context) = SpanContext::parse(span.traceparent.as_bytes()) {
                    let location = Location::new(span.url, &self.routes);
                    let (view, page) = (&self.view, &self.page.context);
                    let span = custom::span(&span, &context, &location, view, page, self.clock);
                    self.outbox.push_span(&context, span);
                }
            }
            Input::Attributes(attributes) => self.outbox.common.replace(&attributes),
            Input::Breadcrumb { at_ms, kind, text } => self.breadcrumbs.add(at_ms, kind, text),
            Input::Lost {
                beyond_buffer,
                repeated,
                evicted,
            } => {
                self.outbox.lose(Count::BufferFull, beyond_buffer);
                self.outbox.lose(Count::Duplicate, repeated);
                self.outbox.lose(Count::StorageFull, evicted);
            }
        }
    }

    fn on_thrown(&mut self, thrown: &Thrown<'_>) {
        // Blockers keep many away: they may not crowd out what went wrong.
        let is_resource = thrown.source == "resource";
        let told = match is_resource {
            true => &mut self.reports,
            false => &mut self.errors,
        };
        let verdict = told.judge(&[thrown.kind, thrown.message, thrown.stack]);
        if self.is_told(verdict) {
            let location = Location::new(thrown.url, &self.routes);
            let at = self.clock.unix_nanos(thrown.at_ms);
            let (view, page) = (&self.view, &self.page.context);
            let event = errors::event(thrown, &location, view, &self.breadcrumbs, page, at);
            self.outbox.push(Signal::Logs, event);
            self.breadcrumbs.add(thrown.at_ms, "error", thrown.message);
            if !is_resource {
                self.outbox.has_erred = true;
                self.outbox.release();
            }
        }
    }

    fn on_custom_event(&mut self, event: &CustomEvent<'_>) {
        let texts = [event.name, event.attributes.texts];
        let verdict = match event.is_bounded {
            true => self.reports.judge(&texts),
            false => Verdict::Tell,
        };
        if self.is_told(verdict) {
            self.breadcrumbs.add(event.at_ms, "event", event.name);
            let location = Location::new(event.url, &self.routes);
            let (view, page) = (&self.view, &self.page.context);
            let event = custom::event(event, &location, view, page, self.clock);
            self.outbox.push(Signal::Logs, event);
        }
    }

    fn is_told(&mut self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Tell => {}
            Verdict::Duplicate => self.outbox.lose(Count::Duplicate, 1),
            Verdict::TooMany => self.outbox.lose(Count::TooMany, 1),
        }
        verdict == Verdict::Tell
    }

    fn on_fetched(&mut self, fetched: &Fetched<'_>) {
        let Some(context) = SpanContext::parse(fetched.traceparent.as_bytes()) else {
            return;
        };
        let location = Location::new(fetched.url, &self.routes);
        let what = fetch::breadcrumb(fetched, &location);
        self.breadcrumbs.add(fetched.end_ms, "fetch", &what);
        let span = fetch::span(fetched, &context, &location, &self.page.context, self.clock);
        self.outbox.push_span(&context, span);
    }

    /// The times count each time, span and first byte are told once.
    fn on_document_load(&mut self, phases_ms: &[f64], end_ms: f64) {
        self.navigation.load(phases_ms);
        self.has_parts = true;
        if !core::mem::replace(&mut self.has_document_load, true) {
            let first_byte = self.navigation.response_start();
            let value = ttfb::value(first_byte, self.navigation.activation_ms, end_ms);
            self.tell(&TTFB, value.filter(|_| self.view.is_load), first_byte);
            let span = document_load::span(&self.page, self.clock, &self.navigation, end_ms);
            self.outbox.push_span(&self.page.context, span);
        }
        self.tell_early(end_ms);
    }

    /// Bytes that wait for delivery.
    pub fn waiting_bytes(&self) -> usize {
        self.outbox.waiting_bytes()
    }

    /// The next batch as it crosses to JavaScript, as [`call::NEXT`] says; empty
    /// for none.
    ///
    /// [`call::NEXT`]: crate::input::call::NEXT
    pub fn next(&mut self, need: Need, now_ms: f64, gzips: bool) -> Vec<u8> {
        let source = Source {
            resource: self.resource.fields.as_bytes(),
            scope: BROWSER_SCOPE,
            scope_version: VERSION,
        };
        let unix_nanos = self.clock.unix_nanos(now_ms);
        let outbox = &mut self.outbox;
        let preview;
        let (header, body) = if need == Need::LastWords {
            let event = Record::event("sightline.broken", Severity::Error, unix_nanos, None);
            let mut items = Vec::new();
            add_item(&mut items, &event.into_bytes());
            preview = sealed(&items, &source, gzips);
            ([0; 3], &preview)
        } else if let Some(signal) = need.previewed() {
            preview = outbox.preview(signal, &source, gzips).unwrap_or_default();
            ([0; 3], &preview)
        } else if let Some(batch) = outbox.next(need, now_ms, unix_nanos, &source, gzips) {
            ([batch.id, batch.signal as u32, batch.count], &batch.body)
        } else {
            return Vec::new();
        };
        let mut bytes = Vec::new();
        for number in &header {
            append::bytes(&mut bytes, &number.to_le_bytes());
        }
        append::bytes(&mut bytes, body);
        bytes
    }

    /// What became of a batch; see [`Outbox::settle`].
    pub fn on_settled(&mut self, id: u32, answer: Answer, now_ms: f64) {
        self.outbox.settle(id, answer, now_ms);
    }

    /// Takes over what an earlier page left.
    pub fn restore(&mut self, signal: f64, count: u32, body: &[u8]) {
        self.outbox.restore(Signal::of(signal), count, body);
    }

    /// What waits, and the account.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}

fn resource(options: &Options<'_>) -> Record {
    let mut resource = Record::resource();
    resource.text("service.name", options.service_name);
    resource.text("service.version", options.service_version);
    resource.text("deployment.environment.name", options.environment);
    resource.text("telemetry.sdk.name", "sightline");
    resource.text("telemetry.sdk.language", "webjs");
    resource.text("telemetry.sdk.version", VERSION);
    resource
}

#[cfg(test)]
mod tests;
