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
        Self {
            ledger: self.ledger.since(&earlier.ledger),
            series: series.collect(),
            counters: counters.collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::Ledger;
    use crate::record::tests::{contribution, finished, route, total};
    use crate::record::{Record, WorkerId};
    use crate::red::Red;
    use proptest::prelude::*;

    const WORKER: WorkerId = 1;

    fn count(record: &mut Record, path: &str, status: u16) {
        let mut red = Red::default();
        let series = red.series_of(b"GET", &route(path), 100);
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
