//! With which windows an objective's budget is watched. After the
//! [SRE workbook](https://sre.google/workbook/alerting-on-slos/), whose four
//! pairs suit a budget of a thousandth; of a budget of a quarter one can't burn
//! 14.4 times as much, because no more than everything can fail. There the
//! windows grow until the threshold can be reached.

use crate::severity::Severity;

/// Of the period's budget, in a window, tells whom.
const STEPS: [(f64, u32, Severity); 4] = [
    (0.02, 1, Severity::Page),
    (0.05, 6, Severity::Page),
    (0.10, 24, Severity::Chat),
    (0.10, 72, Severity::Ticket),
];

/// The highest ratio that is taken for a threshold; above it an outage that is
/// not total would go unseen.
const HIGHEST: f64 = 0.8;

/// The short window, that ends an alert soon, is this part of the long one.
const SHORT_PART: u32 = 12;

/// One pair of windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnRate {
    /// The long window, in minutes.
    pub long_minutes: u32,
    /// The short window, in minutes.
    pub short_minutes: u32,
    /// How many times as fast as the budget allows.
    pub factor: f64,
    /// Whom it concerns.
    pub severity: Severity,
}

/// The pairs for a budget, as a share of all events, over a period in days, the
/// fastest first. Each can fire, and none is implied by another.
pub fn burn_rates(budget: f64, period_days: u32, highest: Severity) -> Vec<BurnRate> {
    let period_hours = f64::from(period_days) * 24.0;
    let mut found: Vec<BurnRate> = Vec::new();
    for (share, hours, severity) in STEPS {
        // share × period / window × budget ≤ HIGHEST
        let needed = (share * period_hours * budget / HIGHEST).ceil();
        let hours = f64::from(hours).max(needed);
        let factor = share * period_hours / hours;
        if found.iter().any(|faster| faster.factor <= factor) {
            continue;
        }
        let long_minutes = (hours * 60.0) as u32;
        found.push(BurnRate {
            long_minutes,
            short_minutes: long_minutes / SHORT_PART,
            factor,
            severity: severity.at_most(highest),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_of_a_thousandth_has_the_windows_of_the_workbook() {
        let pairs: Vec<_> = burn_rates(0.001, 30, Severity::Page)
            .iter()
            .map(|rate| (rate.long_minutes, rate.short_minutes, rate.factor))
            .collect();
        let expected = [
            (60, 5, 14.4),
            (360, 30, 6.0),
            (1440, 120, 3.0),
            (4320, 360, 1.0),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn every_pair_can_fire_whatever_the_budget() {
        for budget in [0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75] {
            let rates = burn_rates(budget, 30, Severity::Page);
            assert!(rates.len() >= 2, "{budget}: {rates:?}");
            for rate in &rates {
                assert!(rate.factor * budget <= HIGHEST, "{budget}: {rate:?}");
                assert!(rate.short_minutes >= 5, "{budget}: {rate:?}");
            }
            assert!(rates.is_sorted_by(|one, next| one.factor > next.factor));
        }
    }

    #[test]
    fn nobody_is_told_louder_than_the_objective_wants() {
        let rates = burn_rates(0.25, 30, Severity::Chat);
        assert!(rates.iter().all(|rate| rate.severity != Severity::Page));
        assert_eq!(rates.last().unwrap().severity, Severity::Ticket);
    }
}
