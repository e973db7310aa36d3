//! The web vitals: the bounds of their ratings, as
//! [web.dev](https://web.dev/articles/vitals) has them, and of their histograms, by
//! which pages, rules and objectives agree. How each is measured is the browser
//! SDK's knowledge.

use crate::metric::{self, Metric};

/// A web vital.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WebVital {
    /// Lower-case name, as the semantic conventions want it.
    pub name: &'static str,
    /// Its histogram in Prometheus; the unit of this is that of all values here.
    pub metric: Metric,
    /// The highest value that is rated `good`.
    pub good: f64,
    /// The highest value that is not rated `poor`.
    pub fair: f64,
}

impl WebVital {
    /// Upper bounds of its histogram.
    pub fn bounds(&self) -> [f64; 7] {
        bounds(self.good, self.fair, 1.0)
    }
}

/// Upper bounds of the histogram of a vital, whose values are measured in something
/// of which `per_unit` are one of the histogram's unit. The bounds of the ratings are
/// among them, so that the share of good values is exact.
// Inlined: the bytes of the browser's engine are counted.
#[inline(always)]
pub fn bounds(good: f64, fair: f64, per_unit: f64) -> [f64; 7] {
    let (good, fair) = (good / per_unit, fair / per_unit);
    let between = (good + fair) / 2.0;
    [
        good / 4.0,
        good / 2.0,
        good,
        between,
        fair,
        fair * 2.0,
        fair * 4.0,
    ]
}

macro_rules! web_vitals {
    ($($(#[$doc:meta])* $id:ident = $name:literal $metric:ident $good:literal $fair:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $id: WebVital = WebVital {
                name: $name,
                metric: metric::$metric,
                good: $good,
                fair: $fair,
            };
        )*
        /// All of them.
        pub const ALL: &[WebVital] = &[$($id),*];
    };
}

web_vitals! {
    /// [Largest Contentful Paint](https://web.dev/articles/lcp).
    LCP = "lcp" WEB_VITAL_LCP 2.5 4.0;
    /// [Interaction to Next Paint](https://web.dev/articles/inp).
    INP = "inp" WEB_VITAL_INP 0.2 0.5;
    /// [Cumulative Layout Shift](https://web.dev/articles/cls).
    CLS = "cls" WEB_VITAL_CLS 0.1 0.25;
    /// [First Contentful Paint](https://web.dev/articles/fcp).
    FCP = "fcp" WEB_VITAL_FCP 1.8 3.0;
    /// [Time to First Byte](https://web.dev/articles/ttfb).
    TTFB = "ttfb" WEB_VITAL_TTFB 0.8 1.8;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_of_the_ratings_are_bounds_of_the_histogram() {
        for vital in ALL {
            let bounds = vital.bounds();
            assert!(bounds.is_sorted_by(|one, next| one < next), "{bounds:?}");
            let has = |bound| bounds.contains(&bound);
            assert!(has(vital.good) && has(vital.fair), "{bounds:?}");
        }
    }

    #[test]
    fn a_vital_is_named_in_its_metric() {
        for vital in ALL {
            assert!(vital.metric.name.contains(vital.name), "{}", vital.name);
            assert_eq!(vital.metric.kind, metric::Kind::Histogram);
        }
    }
}
