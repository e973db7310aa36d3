//! Which traces are sampled where the edge decides: those that start here, and
//! those of callers whose decision does not count. What a kept trace says of
//! it in `tracestate` is made once, with the configuration.

use sightline_core::id::TraceId;
use sightline_core::route::Routes;
use sightline_core::sampling::Ratio;
use std::collections::BTreeMap;

/// Whether one more trace may be sampled now, where one may be every so many
/// nanoseconds.
pub type MaySample<'a> = &'a mut dyn FnMut(u64) -> bool;

/// All rules.
#[derive(Debug)]
pub struct Sampling {
    /// Where no other sampler is named.
    pub default: Sampler,
    /// The templates that have a sampler of their own.
    pub routes: Routes,
    /// By template.
    pub by_route: BTreeMap<String, Sampler>,
    /// The time between two sampled traces, on average and in all workers, that
    /// must not become less.
    pub every_nanos: Option<u64>,
}

/// A share of traces, and how a kept trace tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampler {
    ratio: Ratio,
    /// The `tracestate` of a kept trace.
    state: Option<Box<str>>,
}

/// What was decided of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'s> {
    /// Whether it is sampled.
    pub sampled: bool,
    /// The `tracestate` that says with which probability.
    pub state: Option<&'s str>,
}

impl Sampling {
    /// Decides on a trace whose first request here has this path.
    pub fn decide(
        &self,
        path: &[u8],
        trace_id: &TraceId,
        may_sample: MaySample<'_>,
    ) -> Decision<'_> {
        let decision = self.sampler_for(path).decide(trace_id);
        if decision.sampled && !self.every_nanos.is_none_or(may_sample) {
            return Decision {
                sampled: false,
                state: None,
            };
        }
        decision
    }

    fn sampler_for(&self, path: &[u8]) -> &Sampler {
        if self.by_route.is_empty() {
            return &self.default;
        }
        let path = String::from_utf8_lossy(path);
        let template = self.routes.template_for(&path);
        let sampler = template.and_then(|template| self.by_route.get(template));
        sampler.unwrap_or(&self.default)
    }
}

impl Sampler {
    /// Keeps this share. Where something other than probability decides, too,
    /// a kept trace must not tell of a probability.
    pub fn new(ratio: Ratio, is_probability: bool) -> Self {
        let state = ratio.tracestate().filter(|_| is_probability);
        Self {
            ratio,
            state: state.map(String::into_boxed_str),
        }
    }

    fn decide(&self, trace_id: &TraceId) -> Decision<'_> {
        let sampled = self.ratio.keeps(trace_id);
        Decision {
            sampled,
            state: self.state.as_deref().filter(|_| sampled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    const SECOND: u64 = 1_000_000_000;

    fn sampling(trace: &str) -> Sampling {
        let document = format!(r#"{{"service": {{"name": "edge"}}, "trace": {trace}}}"#);
        let settings = Settings::from_document(document.as_bytes()).unwrap();
        settings.sampling
    }

    #[test]
    fn a_route_can_have_a_ratio_of_its_own() {
        let sampling = sampling(
            r#"{"sample_ratio": 0.25, "routes": [
                {"route": "/checkout", "sample_ratio": 1},
                {"route": "/health/*", "sample_ratio": 0},
                {"route": "/items/{id}", "sample_ratio": 0.5}]}"#,
        );
        let half = TraceId::from_hex(b"0af7651916cd43dd8480000000000000").unwrap();
        for (path, sampled, state) in [
            (&b"/checkout?step=2"[..], true, Some("ot=th:0")),
            (b"/health/live", false, None),
            (b"/items/7", true, Some("ot=th:8")),
            (b"/items/\xff", true, Some("ot=th:8")),
            (b"/items", false, None),
            (b"", false, None),
        ] {
            let decision = sampling.decide(path, &half, &mut |_| false);
            assert_eq!((decision.sampled, decision.state), (sampled, state));
        }
    }

    #[test]
    fn of_what_the_ratio_keeps_no_more_are_sampled_than_may_be() {
        let sampling = sampling(r#"{"max_per_second": 2, "sample_ratio": 0.5}"#);
        let kept = TraceId::from_hex(b"0af7651916cd43dd84ffffffffffffff").unwrap();
        let other = TraceId::from_hex(b"0af7651916cd43dd8400000000000000").unwrap();
        for (id, may, sampled, asked) in [
            (&kept, true, true, vec![SECOND / 2]),
            (&kept, false, false, vec![SECOND / 2]),
            (&other, true, false, vec![]),
        ] {
            let mut questions = Vec::new();
            let mut may_sample = |every| {
                questions.push(every);
                may
            };
            let decision = sampling.decide(b"/", id, &mut may_sample);
            assert_eq!((decision.sampled, questions), (sampled, asked));
            assert_eq!(decision.state, None, "no probability could be told");
        }
    }
}
