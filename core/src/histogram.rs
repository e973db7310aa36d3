//! Histograms with explicit bounds, bucketed exactly: a value equal to a bound
//! belongs to the bucket that ends there, as in OTLP and in Prometheus `le`.

use alloc::vec;
use alloc::vec::Vec;

/// Bounds of every duration histogram, in seconds.
pub const SECONDS_BOUNDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The same bounds as the texts that `le` carries.
pub const SECONDS_LABELS: [&str; 11] = [
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10",
];

/// A histogram over fixed bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    bounds: &'static [f64],
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// An empty histogram. `bounds` ascend; one more bucket takes what is above.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0; bounds.len().saturating_add(1)],
            sum: 0.0,
        }
    }

    /// Counts one value. What is not finite is counted as zero, a negative
    /// value too: a clock that jumped must not spoil the sum.
    pub fn record(&mut self, value: f64) {
        let value = if value.is_finite() {
            value.max(0.0)
        } else {
            0.0
        };
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.sum += value;
    }

    /// Adds what another histogram over the same bounds counted.
    pub fn merge(&mut self, counts: &[u64], sum: f64) {
        for (own, more) in self.counts.iter_mut().zip(counts) {
            *own = own.saturating_add(*more);
        }
        self.sum += sum;
    }

    /// What was counted since an earlier state of the same histogram.
    pub fn since(&self, earlier: &Self) -> Self {
        let counts = self.counts.iter().zip(&earlier.counts);
        Self {
            bounds: self.bounds,
            counts: counts
                .map(|(now, then)| now.saturating_sub(*then))
                .collect(),
            sum: (self.sum - earlier.sum).max(0.0),
        }
    }

    /// The upper bounds, without the infinite one.
    pub fn bounds(&self) -> &'static [f64] {
        self.bounds
    }

    /// The count of each bucket, not cumulative; the last is above all bounds.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many values were counted: always the sum of the buckets.
    pub fn count(&self) -> u64 {
        self.counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The sum of the values.
    pub fn sum(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_at_a_bound_belongs_below_it() {
        let mut histogram = Histogram::new(&SECONDS_BOUNDS);
        for value in [0.005, 0.0050001, 10.0, 10.1] {
            histogram.record(value);
        }
        assert_eq!(histogram.counts(), [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(histogram.count(), 4);
    }

    #[test]
    fn a_clock_that_jumped_counts_as_zero() {
        let mut histogram = Histogram::new(&SECONDS_BOUNDS);
        for value in [-3.0, f64::NAN, f64::INFINITY] {
            histogram.record(value);
        }
        assert_eq!(histogram.counts()[0], 3);
        assert_eq!(histogram.sum(), 0.0);
    }

    #[test]
    fn labels_say_the_bounds() {
        for (bound, label) in SECONDS_BOUNDS.iter().zip(SECONDS_LABELS) {
            assert_eq!(label.parse::<f64>().unwrap(), *bound);
        }
    }

    #[test]
    fn merging_adds_up() {
        let mut one = Histogram::new(&SECONDS_BOUNDS);
        one.record(0.3);
        let mut other = Histogram::new(&SECONDS_BOUNDS);
        other.record(0.3);
        other.record(99.0);
        one.merge(other.counts(), other.sum());
        assert_eq!(one.count(), 3);
        assert!((one.sum() - 99.6).abs() < 1e-9);
        let since = one.since(&other);
        assert_eq!(since.count(), 1);
        assert!((since.sum() - 0.3).abs() < 1e-9);
    }

    /// As Prometheus' `histogram_quantile` interpolates.
    fn quantile(histogram: &Histogram, share: f64) -> f64 {
        let rank = share * histogram.count() as f64;
        let mut below = 0.0;
        let mut lower = 0.0;
        for (upper, count) in histogram.bounds().iter().zip(histogram.counts()) {
            let here = *count as f64;
            if here > 0.0 && below + here >= rank {
                return lower + (upper - lower) * (rank - below) / here;
            }
            below += here;
            lower = *upper;
        }
        lower
    }

    proptest! {
        #[test]
        fn a_quantile_lies_in_the_bucket_of_the_exact_one(
            mut nanos in prop::collection::vec(
                prop_oneof![
                    0u64..30_000_000_000,
                    0u64..60_000_000,
                    // On a bound, and just beside it.
                    (prop::sample::select(&SECONDS_BOUNDS[..]), 0u64..3).prop_map(|(bound, beside)| {
                        ((bound * 1e9) as u64).saturating_add(beside).saturating_sub(1)
                    }),
                ],
                1..200,
            ),
            share in 0.0f64..=1.0,
        ) {
            let mut histogram = Histogram::new(&SECONDS_BOUNDS);
            for nanos in &nanos {
                histogram.record(*nanos as f64 / 1e9);
            }
            nanos.sort_unstable();
            let rank = ((share * nanos.len() as f64).ceil() as usize).max(1);
            let exact = nanos[rank.saturating_sub(1)] as f64 / 1e9;
            let above = SECONDS_BOUNDS.iter().position(|bound| exact <= *bound);
            let lower = match above {
                Some(0) => 0.0,
                Some(at) => SECONDS_BOUNDS[at.saturating_sub(1)],
                None => 10.0,
            };
            // Beyond the last bound there is nothing to interpolate to.
            let upper = above.map_or(10.0, |at| SECONDS_BOUNDS[at]);
            let found = quantile(&histogram, share);
            let slack = upper * 1e-12;
            prop_assert!(lower - slack <= found && found <= upper + slack, "{found} for {exact}");
        }
    }
}
