//! Largest Contentful Paint ([definition](https://web.dev/articles/lcp)).
//! Which paint is the largest, and that none counts after input, is the
//! browser's knowledge; a page hidden meanwhile is ours.

use super::fcp;
use super::vital::Vital;

/// Milliseconds.
pub const LCP: Vital = Vital {
    name: "lcp",
    good: 2500.0,
    fair: 4000.0,
};

/// The largest paint so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lcp {
    value: Option<f64>,
    is_final: bool,
}

impl Lcp {
    /// A candidate larger than all before it.
    pub fn candidate(&mut self, paint_ms: f64, activation_ms: f64, hidden_ms: f64) {
        if let Some(value) = fcp::value(paint_ms, activation_ms, hidden_ms)
            && !self.is_final
        {
            self.value = Some(value);
        }
    }

    /// The value, which from now on stays: the person used the page, or left.
    pub fn finish(&mut self) -> Option<f64> {
        self.is_final = true;
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: f64 = f64::INFINITY;

    #[test]
    fn the_last_candidate_counts() {
        let mut lcp = Lcp::default();
        lcp.candidate(100.0, 0.0, NEVER);
        lcp.candidate(900.5, 0.0, NEVER);
        assert_eq!(lcp.finish(), Some(900.5));
    }

    #[test]
    fn nothing_counts_after_the_end_or_in_the_background() {
        let mut lcp = Lcp::default();
        assert_eq!(lcp.finish(), None);
        lcp.candidate(100.0, 0.0, NEVER);
        assert_eq!(lcp.finish(), None);

        let mut lcp = Lcp::default();
        lcp.candidate(100.0, 0.0, 500.0);
        lcp.candidate(900.0, 0.0, 500.0);
        assert_eq!(lcp.finish(), Some(100.0));
    }
}
