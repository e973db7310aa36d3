//! Interaction to Next Paint: the 98th percentile of the page's interactions
//! ([definition](https://web.dev/articles/inp)).

use super::vital::Vital;

/// Milliseconds.
pub const INP: Vital = Vital {
    name: "inp",
    good: 200.0,
    fair: 500.0,
};

/// One outlier is forgiven for every so many interactions.
const INTERACTIONS_PER_OUTLIER: f64 = 50.0;
/// So many of the longest are kept: enough for 500 interactions, as
/// web-vitals does.
const KEPT: usize = 10;
/// Chromium counts interaction ids up by this.
const ID_STEP: f64 = 7.0;

#[derive(Clone, Copy, Debug, Default)]
struct Interaction {
    id: f64,
    latency_ms: f64,
}

/// The longest interactions of a page, the longest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inp {
    longest: [Interaction; KEPT],
    len: usize,
    lowest_id: f64,
    highest_id: f64,
}

impl Inp {
    /// An event of the interaction with this id (0: of none); its duration up
    /// to the next paint. An interaction takes as long as its longest event.
    pub fn event(&mut self, interaction_id: f64, duration_ms: f64) {
        if interaction_id <= 0.0 || interaction_id.is_nan() || duration_ms.is_nan() {
            return;
        }
        if self.highest_id == 0.0 || interaction_id < self.lowest_id {
            self.lowest_id = interaction_id;
        }
        self.highest_id = self.highest_id.max(interaction_id);

        let known = self.kept().iter().position(|one| one.id == interaction_id);
        let at = known.unwrap_or_else(|| {
            // A new one stands last: in the next free place, or in that of the
            // shortest, if it is longer.
            let last = self.len.min(KEPT.saturating_sub(1));
            let is_full = self.len == KEPT;
            if is_full
                && self
                    .longest
                    .get(last)
                    .is_some_and(|one| one.latency_ms >= duration_ms)
            {
                return KEPT;
            }
            self.len = self.len.saturating_add(1).min(KEPT);
            if let Some(place) = self.longest.get_mut(last) {
                *place = Interaction {
                    id: interaction_id,
                    latency_ms: 0.0,
                };
            }
            last
        });
        if let Some(one) = self.longest.get_mut(at) {
            one.latency_ms = one.latency_ms.max(duration_ms);
        }
        // Up to its place; those before are in order.
        let mut at = at.min(self.len.saturating_sub(1));
        while let Some(before) = at.checked_sub(1)
            && let Some([one, other]) = self.longest.get_mut(before..=at)
            && one.latency_ms < other.latency_ms
        {
            core::mem::swap(one, other);
            at = before;
        }
    }

    fn kept(&self) -> &[Interaction] {
        self.longest.get(..self.len).unwrap_or_default()
    }

    /// The value; none without an interaction. `count` is
    /// `performance.interactionCount`, or 0 where the browser has none.
    pub fn value(&self, count: f64) -> Option<f64> {
        let count = if count > 0.0 {
            count
        } else {
            (self.highest_id - self.lowest_id) / ID_STEP + 1.0
        };
        let outliers = (count / INTERACTIONS_PER_OUTLIER) as usize;
        let at = outliers.min(self.len.checked_sub(1)?);
        self.longest.get(at).map(|one| one.latency_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_without_interactions_has_none() {
        let mut inp = Inp::default();
        assert_eq!(inp.value(0.0), None);
        inp.event(0.0, 500.0);
        assert_eq!(
            inp.value(3.0),
            None,
            "events such as hovering are no interactions"
        );
    }

    #[test]
    fn an_interaction_takes_as_long_as_its_longest_event() {
        let mut inp = Inp::default();
        inp.event(7.0, 80.0);
        inp.event(7.0, 200.0);
        inp.event(7.0, 120.0);
        assert_eq!(inp.value(1.0), Some(200.0));
    }

    #[test]
    fn forgives_one_outlier_in_fifty() {
        let mut inp = Inp::default();
        for (id, duration) in [(1.0, 40.0), (8.0, 900.0), (15.0, 80.0)] {
            inp.event(id, duration);
        }
        for (count, expected) in [
            (3.0, 900.0),
            (49.0, 900.0),
            (50.0, 80.0),
            (100.0, 40.0),
            (900.0, 40.0),
        ] {
            assert_eq!(inp.value(count), Some(expected), "{count}");
        }
    }

    #[test]
    fn counts_by_ids_where_the_browser_does_not_count() {
        let mut inp = Inp::default();
        for at in 0..50 {
            inp.event(
                1.0 + ID_STEP * f64::from(at),
                if at == 0 { 900.0 } else { 40.0 },
            );
        }
        assert_eq!(inp.value(0.0), Some(40.0));
    }

    proptest! {
        /// The straightforward way: everything kept and sorted.
        #[test]
        fn keeps_the_longest(events in proptest::collection::vec((1u8..40, 1u16..1000), 1..200), count in 1u16..600) {
            let mut inp = Inp::default();
            let mut all = std::collections::BTreeMap::<u8, u16>::new();
            // In order of id, as a page has them: an interaction that was
            // given up as short can't come back with a longer event.
            let mut events = events;
            events.sort_by_key(|event| event.0);
            for (id, duration) in events {
                inp.event(f64::from(id), f64::from(duration));
                let longest = all.entry(id).or_default();
                *longest = duration.max(*longest);
            }
            let mut all: Vec<u16> = all.into_values().collect();
            all.sort_by(|one, other| other.cmp(one));
            all.truncate(KEPT);
            let at = usize::from(count / 50).min(all.len().saturating_sub(1));
            prop_assert_eq!(inp.value(f64::from(count)), Some(f64::from(all[at])));
        }

        #[test]
        fn any_numbers_are_survived(events in proptest::collection::vec((any::<f64>(), any::<f64>()), 0..40), count in any::<f64>()) {
            let mut inp = Inp::default();
            events.iter().for_each(|(id, duration)| inp.event(*id, *duration));
            inp.value(count);
        }
    }
}
