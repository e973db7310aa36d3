//! So many in a time and no more. The whole state is one point in time, so that
//! it can lie where several parties reach it. Where that is, and where the time
//! comes from, is the caller's concern.

/// How much may come at once after a pause: what a second allows.
const BURST_NANOS: u64 = 1_000_000_000;

/// What has passed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// When it would be used up, had it come at the rate that is allowed.
    pub used_until_nanos: u64,
}

impl RateLimit {
    /// Whether one more may pass now, where one may pass every `every_nanos`.
    /// A clock that jumps back costs no more than what it takes to let one
    /// pass, one that jumps forward gives a second's worth.
    pub fn allows(&mut self, every_nanos: u64, now_nanos: u64) -> bool {
        self.take(every_nanos, BURST_NANOS, now_nanos).is_ok()
    }

    /// The same where after a pause as many may come at once as
    /// `burst_nanos` allow, at least one. Where none may pass: in how many
    /// nanoseconds one may.
    pub fn take(&mut self, every_nanos: u64, burst_nanos: u64, now_nanos: u64) -> Result<(), u64> {
        let ahead = burst_nanos.saturating_sub(every_nanos);
        let mut used_until = self.used_until_nanos.max(now_nanos);
        if used_until > now_nanos.saturating_add(burst_nanos.max(every_nanos)) {
            used_until = now_nanos;
        }
        let wait = used_until.saturating_sub(now_nanos.saturating_add(ahead));
        if wait == 0 {
            used_until = used_until.saturating_add(every_nanos);
        }
        self.used_until_nanos = used_until;
        if wait == 0 { Ok(()) } else { Err(wait) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;
    const MILLI: u64 = 1_000_000;

    /// How many of the calls at these times pass.
    fn passed(limit: &mut RateLimit, every: u64, times: impl Iterator<Item = u64>) -> usize {
        times.filter(|now| limit.allows(every, *now)).count()
    }

    #[test]
    fn lets_a_seconds_worth_pass_at_once_and_then_the_rate() {
        let mut limit = RateLimit::default();
        let every = SECOND / 10;
        let start = 1_700_000_000 * SECOND;
        assert_eq!(passed(&mut limit, every, (0..100).map(|_| start)), 10);
        let second = (1..=1000).map(|at| start + at * MILLI);
        assert_eq!(passed(&mut limit, every, second), 10);
        let after_a_pause = (0..100).map(|_| start + 60 * SECOND);
        assert_eq!(
            passed(&mut limit, every, after_a_pause),
            10,
            "not sixty times that"
        );
    }

    #[test]
    fn less_than_one_a_second_is_one_now_and_then() {
        let mut limit = RateLimit::default();
        let times = (0..600).map(|at| SECOND * 1000 + at * SECOND / 10);
        assert_eq!(passed(&mut limit, SECOND * 20, times), 3, "in a minute");
    }

    #[test]
    fn a_burst_can_be_another_than_a_seconds_worth() {
        let mut limit = RateLimit::default();
        let (every, start) = (30 * SECOND, 5000 * SECOND);
        let mut take = |now| limit.take(every, 3 * every, now);
        assert_eq!([take(start), take(start), take(start)], [Ok(()); 3]);
        assert_eq!(take(start), Err(every));
        assert_eq!(take(start + 20 * SECOND), Err(10 * SECOND));
        assert_eq!(take(start + 30 * SECOND), Ok(()));
        assert_eq!(take(start + 30 * SECOND), Err(every));
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_block() {
        let mut limit = RateLimit::default();
        assert!(limit.allows(SECOND, 5000 * SECOND));
        assert!(!limit.allows(SECOND, 5000 * SECOND));
        assert!(limit.allows(SECOND, 1000 * SECOND));
        assert!(!limit.allows(SECOND, 1000 * SECOND));
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_and_one_burst(
            steps in proptest::collection::vec(0u64..200 * MILLI, 1..300),
            every in 1u64..3 * SECOND,
        ) {
            let mut limit = RateLimit::default();
            let start = 1000 * SECOND;
            let mut now = start;
            let passed = steps.iter().filter(|step| {
                now = now.saturating_add(**step);
                limit.allows(every, now)
            });
            let passed = u64::try_from(passed.count()).unwrap();
            let rate = now.saturating_sub(start).div_ceil(every);
            let most = rate.saturating_add(SECOND.div_euclid(every).max(1));
            prop_assert!(passed <= most, "{} of {}", passed, most);
        }
    }
}
