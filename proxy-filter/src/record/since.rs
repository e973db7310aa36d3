//! What a record counted since an earlier state of it: for receivers that want
//! increments (delta temporality) in place of totals.

use super::{Record, Series};

impl Record {
    /// This record with what it counted since `earlier` in place of its
    /// totals; gauges stay as they are. All of it if `earlier` is another
    /// record's state.
    pub fn since(&self, earlier: &Self) -> Self {
        if earlier.instance != self.instance {
            return self.clone();
        }
        let series = self.series.iter().map(|series| {
            let place = earlier.place_of(&series.route, series.method);
            let before = place.ok().and_then(|at| earlier.series.get(at));
            let before = before.filter(|before| before.is_same(series));
            Series {
                finished: match before {
                    Some(before) => series.finished.since(&before.finished),
                    None => series.finished.clone(),
                },
                ..series.clone()
            }
        });
        let counters = self.counters.iter().map(|(name, sum)| {
            let before = earlier.counters.get(name).copied().unwrap_or_default();
            (name.clone(), (sum - before).max(0.0))
        });
        let mut gone_errors = self.gone_errors.clone();
        let less = |errors: &mut u64, before: u64| *errors = errors.saturating_sub(before);
        for (kind, before) in &earlier.gone_errors {
            gone_errors
                .entry(*kind)
                .and_modify(|errors| less(errors, *before));
        }
        // Of a series that went meanwhile, what it had failed before is known.
        for before in &earlier.series {
            let place = self.place_of(&before.route, before.method);
            let series = place.ok().and_then(|at| self.series.get(at));
            if series.is_some_and(|series| before.is_same(series)) {
                continue;
            }
            for (outcome, tally) in before.finished.list() {
                let errors = gone_errors.entry(outcome.error);
                errors.and_modify(|errors| less(errors, tally.durations.count()));
            }
        }
        Self {
            offenders: self.offenders.since(&earlier.offenders),
            gone_errors,
            ledger: self.ledger.since(&earlier.ledger),
            series: series.collect(),
            counters: counters.collect(),
            ..self.clone()
        }
    }
}

impl Series {
    /// Whether it has counted on since it was this one, of the same name.
    fn is_same(&self, later: &Self) -> bool {
        self.standing.start_unix_nanos == later.standing.start_unix_nanos
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::Ledger;
    use crate::record::tests::{contribution, finished, route, total};
    use crate::record::{Contribution, Record, WorkerId};
    use crate::red::{Limits, Red};
    use proptest::prelude::*;

    const WORKER: WorkerId = 1;

    fn count(record: &mut Record, path: &str, status: u16) {
        let mut red = Red::default();
        let series = red.series_of(b"GET", &route(path), &Limits::NONE);
        red.count(series, &finished(Some(status), 1_000_000));
        red.add_to_counter("orders_placed_total", 1.0);
        record.add(&contribution(WORKER, &red, &Ledger::default()));
    }

    #[test]
    fn another_records_state_is_no_past() {
        let mut record = Record::new(1, [1; 16]);
        count(&mut record, "/a", 200);
        let mut other = Record::new(1, [2; 16]);
        count(&mut other, "/a", 200);
        assert_eq!(total(&record.since(&other)), 1);
        assert_eq!(total(&record.since(&record)), 0);
    }

    #[test]
    fn what_went_and_came_back_is_no_past_and_its_errors_count_once() {
        let mut record = Record::new(1, [1; 16]);
        let mut add = |now_nanos: u64, path: &str| {
            let mut red = Red::default();
            let series = red.series_of(b"GET", &route(path), &Limits::NONE);
            red.count(series, &finished(Some(503), 1));
            record.add(&Contribution {
                now_nanos,
                unix_nanos: now_nanos + 10,
                limits: Limits {
                    idle_nanos: 5,
                    ..Limits::NONE
                },
                ..contribution(WORKER, &red, &Ledger::default())
            });
            record.clone()
        };
        add(0, "/a");
        let earlier = add(0, "/a");
        // It fails once more before it goes, and once when it is back.
        add(1, "/a");
        add(7, "/b");
        let later = add(8, "/a");
        let since = later.since(&earlier);
        assert_eq!(total(&since), 2, "/a is new, and /b");
        let errors: u64 = since.gone_errors().map(|(_, count)| count).sum();
        assert_eq!(errors, 1, "the two before are known");
    }

    proptest! {
        /// Whichever exports are acknowledged, the increments add up to the totals.
        #[test]
        fn increments_add_up(steps in proptest::collection::vec(("[ab]", 200u16..203, any::<bool>(), any::<bool>()), 0..40)) {
            let mut record = Record::new(1, [1; 16]);
            let mut earlier = record.clone();
            let (mut sum, mut orders) = (0, 0.0);
            let mut deliver = |record: &Record, earlier: &mut Record| {
                let since = record.since(earlier);
                sum += total(&since);
                orders += since.counters().map(|(_, more)| more).sum::<f64>();
                *earlier = record.clone();
            };
            for (path, status, is_sent, is_acknowledged) in steps {
                count(&mut record, &path, status);
                if is_sent && is_acknowledged {
                    deliver(&record, &mut earlier);
                }
            }
            deliver(&record, &mut earlier);
            prop_assert_eq!(sum, total(&record));
            prop_assert_eq!(orders, record.counters().map(|(_, sum)| sum).sum::<f64>());
        }
    }
}
