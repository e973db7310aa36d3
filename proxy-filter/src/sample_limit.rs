//! The most traces that all workers together may sample in a second: one point
//! in time in the proxy's shared data, which every sampled trace moves on.
//! A worker asks for it only when, by what it saw last, one more may pass; so
//! the limit itself bounds how often that is, whatever the load.

use crate::shared_data::SharedData;
use sightline_core::rate_limit::RateLimit;

/// How often a worker tries again when others come first; then it does without.
const TRIES: usize = 4;

/// One worker's view of the limit.
#[derive(Debug, Default)]
pub struct SampleLimit {
    /// What was seen last; others can only have used more since.
    seen: RateLimit,
}

impl SampleLimit {
    /// Whether one more trace may be sampled now.
    pub fn allows(
        &mut self,
        shared: &mut dyn SharedData,
        service: &str,
        every_nanos: u64,
        now_nanos: u64,
    ) -> bool {
        if !self.seen.clone().allows(every_nanos, now_nanos) {
            return false;
        }
        let key = key(service);
        for _ in 0..TRIES {
            let (mut limit, number) = match shared.get(&key) {
                Some((value, number)) => (read(&value), number),
                // Without shared data each worker has a limit of its own.
                None => (self.seen, 0),
            };
            let passes = limit.allows(every_nanos, now_nanos);
            let written = !passes || shared.set(&key, &bytes(limit), number).is_ok();
            if written || number == 0 {
                self.seen = limit;
                return passes;
            }
        }
        false
    }
}

/// Makes the limit where there is none. Once it is there, no two workers write
/// at the same time unnoticed.
pub fn ensure(shared: &mut dyn SharedData, service: &str) {
    shared.ensure(&key(service), &bytes(RateLimit::default()));
}

fn key(service: &str) -> String {
    ["sampled/", service].concat()
}

fn bytes(limit: RateLimit) -> [u8; 8] {
    limit.used_until_nanos.to_le_bytes()
}

fn read(value: &[u8]) -> RateLimit {
    let bytes = value.first_chunk().copied().unwrap_or_default();
    RateLimit {
        used_until_nanos: u64::from_le_bytes(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_data::NotWritten;
    use crate::shared_data::tests::EnvoySharedData;

    const SECOND: u64 = 1_000_000_000;
    const EVERY: u64 = SECOND / 10;
    const START: u64 = 1_700_000_000 * SECOND;

    fn passed(limits: &mut [SampleLimit], shared: &mut dyn SharedData, now: u64) -> usize {
        let tries = (0..20 * limits.len()).filter(|at| {
            let worker = at % limits.len();
            limits[worker].allows(shared, "edge", EVERY, now)
        });
        tries.count()
    }

    #[test]
    fn workers_share_one_limit_however_the_load_is_spread() {
        let mut shared = EnvoySharedData::default();
        ensure(&mut shared, "edge");
        let mut limits = [SampleLimit::default(), SampleLimit::default()];
        assert_eq!(passed(&mut limits, &mut shared, START), 10);
        let (one, other) = limits.split_at_mut(1);
        assert_eq!(
            passed(one, &mut shared, START + SECOND),
            10,
            "one has it all"
        );
        assert_eq!(
            passed(other, &mut shared, START + SECOND),
            0,
            "none is left"
        );
        assert_eq!(passed(other, &mut shared, START + 2 * SECOND), 10);
    }

    #[test]
    fn a_limit_that_is_used_up_costs_nothing() {
        let mut shared = Counting::default();
        ensure(&mut shared, "edge");
        let mut limit = [SampleLimit::default()];
        assert_eq!(passed(&mut limit, &mut shared, START), 10);
        let calls = shared.calls;
        assert_eq!(passed(&mut limit, &mut shared, START), 0);
        assert_eq!(shared.calls, calls);
    }

    #[test]
    fn without_shared_data_a_worker_has_its_own() {
        let mut limit = [SampleLimit::default()];
        assert_eq!(passed(&mut limit, &mut Nothing, START), 10);
        assert_eq!(passed(&mut limit, &mut Nothing, START + SECOND), 10);
    }

    #[test]
    fn who_loses_every_race_does_not_sample() {
        struct Contended;
        impl SharedData for Contended {
            fn get(&mut self, _: &str) -> Option<(Vec<u8>, u32)> {
                Some((vec![0; 8], 7))
            }
            fn set(&mut self, _: &str, _: &[u8], _: u32) -> Result<(), NotWritten> {
                Err(NotWritten)
            }
        }
        assert_eq!(
            passed(&mut [SampleLimit::default()], &mut Contended, START),
            0
        );
    }

    #[derive(Default)]
    struct Counting {
        data: EnvoySharedData,
        calls: usize,
    }

    impl SharedData for Counting {
        fn get(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
            self.calls += 1;
            self.data.get(key)
        }
        fn set(&mut self, key: &str, value: &[u8], number: u32) -> Result<(), NotWritten> {
            self.calls += 1;
            self.data.set(key, value, number)
        }
    }

    struct Nothing;

    impl SharedData for Nothing {
        fn get(&mut self, _: &str) -> Option<(Vec<u8>, u32)> {
            None
        }
        fn set(&mut self, _: &str, _: &[u8], _: u32) -> Result<(), NotWritten> {
            Err(NotWritten)
        }
    }
}
