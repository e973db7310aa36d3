//! Clients that send at the same time, few and many.

use super::*;
use crate::shared_data::NotWritten;
use crate::shared_data::tests::EnvoySharedData;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
/// Two a second, ten at once.
const RATE: Rate = Rate {
    every_nanos: SECOND / 2,
    burst_nanos: 5 * SECOND,
};

fn shared() -> EnvoySharedData {
    let mut shared = EnvoySharedData::default();
    ensure(&mut shared, "edge");
    shared
}

/// How many of so many requests pass.
fn passed(
    limit: &mut ClientLimit,
    shared: &mut dyn SharedData,
    address: &str,
    requests: usize,
    now: u64,
) -> usize {
    let client = address.parse().ok();
    let takes = (0..requests).filter(|_| limit.take(shared, "edge", client, RATE, now).is_ok());
    takes.count()
}

#[test]
fn all_workers_together_let_a_burst_pass_and_then_the_rate() {
    let mut shared = shared();
    let mut workers: [ClientLimit; 4] = Default::default();
    let mut all = |now| {
        let workers = workers.iter_mut();
        let counts = workers.map(|worker| passed(worker, &mut shared, "203.0.113.7", 7, now));
        counts.sum::<usize>()
    };
    assert_eq!(all(START), 10);
    assert_eq!(all(START + SECOND), 2);
    assert_eq!(
        all(START + 60 * SECOND),
        10,
        "no more than a burst, however long the pause"
    );
}

#[test]
fn a_flood_of_one_client_takes_nothing_from_another() {
    let (mut shared, mut limit) = (shared(), ClientLimit::default());
    assert_eq!(
        passed(&mut limit, &mut shared, "203.0.113.7", 5000, START),
        10
    );
    for other in ["203.0.113.8", "2001:db8::1"] {
        assert_eq!(
            passed(&mut limit, &mut shared, other, 20, START),
            10,
            "{other}"
        );
    }
    let wait = limit.take(&mut shared, "edge", "203.0.113.7".parse().ok(), RATE, START);
    assert_eq!(wait, Err(SECOND / 2));
}

#[test]
fn clients_are_addresses_of_ipv4_and_networks_of_ipv6() {
    for (one, other, same, why) in [
        (
            "2001:db8:0:1::1",
            "2001:db8:0:1:ffff::",
            true,
            "64 bits belong to one",
        ),
        (
            "2001:db8:0:1::1",
            "2001:db8:0:2::1",
            false,
            "the network beside it",
        ),
        ("203.0.113.7", "203.0.113.8", false, "neighbours"),
        ("", "nowhere", true, "nobody knows who they are"),
        ("", "203.0.113.7", false, "one of them is known"),
    ] {
        let (mut shared, mut limit) = (shared(), ClientLimit::default());
        assert_eq!(passed(&mut limit, &mut shared, one, 10, START), 10);
        let left = passed(&mut limit, &mut shared, other, 10, START);
        assert_eq!(left, if same { 0 } else { 10 }, "{why}");
    }
}

#[test]
fn services_do_not_share_their_limits() {
    let (mut shared, mut limit) = (shared(), ClientLimit::default());
    ensure(&mut shared, "other");
    assert_eq!(passed(&mut limit, &mut shared, "::1", 20, START), 10);
    let other = limit.take(&mut shared, "other", "::1".parse().ok(), RATE, START);
    assert_eq!(other, Ok(()));
}

#[test]
fn however_many_addresses_there_are_memory_and_what_passes_are_bounded() {
    let (mut shared, mut limit) = (shared(), ClientLimit::default());
    let places = usize::try_from(SHARDS).unwrap() * PLACES;
    let size = |shared: &EnvoySharedData| {
        let values = shared.values.values();
        values.map(|(value, _)| value.len()).sum::<usize>()
    };
    assert_eq!(
        (shared.values.len(), size(&shared)),
        (256, places * PLACE_BYTES)
    );
    let mut all = 0;
    for address in 0..14 * u32::try_from(places).unwrap() {
        let address = core::net::Ipv4Addr::from_bits(address);
        let taken = limit.take(&mut shared, "edge", Some(address.into()), RATE, START);
        all += usize::from(taken.is_ok());
    }
    assert_eq!(
        (shared.values.len(), size(&shared)),
        (256, places * PLACE_BYTES)
    );
    assert!(all <= 10 * places, "{all} of {}", 10 * places);
    assert!(all > 9 * places, "{all}");
    // Who has been idle for long enough gives its place up for nothing.
    assert_eq!(
        passed(&mut limit, &mut shared, "::1", 20, START + 5 * SECOND),
        10
    );
}

#[test]
fn a_client_that_floods_keeps_its_place_when_others_come() {
    let mut shard = Shard::default();
    let mut takes = |client, now| shard.take(client, RATE, now).is_ok();
    assert_eq!((0..20).filter(|_| takes(7, START)).count(), 10);
    for client in 100..400 {
        takes(client, START);
    }
    assert!(!takes(7, START), "it would have a burst again");
}

#[test]
fn a_rival_between_reading_and_writing_is_not_overlooked() {
    let (mut shared, mut limit) = (shared(), ClientLimit::default());
    for _ in 0..10 {
        shared.rival = Some(Box::new(|shared| {
            let mut other = ClientLimit::default();
            let _ = other.take(shared, "edge", "::1".parse().ok(), RATE, START);
        }));
        let _ = limit.take(&mut shared, "edge", "::1".parse().ok(), RATE, START);
    }
    let ten = passed(&mut limit, &mut shared, "::1", 20, START);
    assert_eq!(ten, 0, "five rounds of two used the burst up");
    let mut shared = self::shared();
    shared.rival = Some(Box::new(|shared| {
        let mut other = ClientLimit::default();
        assert_eq!(passed(&mut other, shared, "::1", 9, START), 9);
    }));
    assert_eq!(passed(&mut limit, &mut shared, "::1", 20, START), 1);
}

#[test]
fn without_shared_data_a_worker_has_its_own() {
    struct Nothing;
    impl SharedData for Nothing {
        fn get(&mut self, _: &str) -> Option<(Vec<u8>, u32)> {
            None
        }
        fn set(&mut self, _: &str, _: &[u8], _: u32) -> Result<(), NotWritten> {
            Err(NotWritten)
        }
    }
    let mut limit = ClientLimit::default();
    ensure(&mut Nothing, "edge");
    assert_eq!(
        passed(&mut limit, &mut Nothing, "203.0.113.7", 20, START),
        10
    );
    assert_eq!(
        passed(&mut limit, &mut Nothing, "203.0.113.8", 20, START),
        10
    );
}

#[test]
fn who_loses_every_race_waits() {
    struct Contended;
    impl SharedData for Contended {
        fn get(&mut self, _: &str) -> Option<(Vec<u8>, u32)> {
            Some((Vec::new(), 7))
        }
        fn set(&mut self, _: &str, _: &[u8], _: u32) -> Result<(), NotWritten> {
            Err(NotWritten)
        }
    }
    let mut limit = ClientLimit::default();
    assert_eq!(passed(&mut limit, &mut Contended, "::1", 1, START), 0);
}

proptest::proptest! {
    #[test]
    fn any_bytes_of_somebody_else_are_survived(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
        client: u64,
        now: u64,
    ) {
        let mut shard = Shard::read(&bytes);
        let _ = shard.take(client, RATE, now);
        proptest::prop_assert_eq!(shard.bytes().len(), PLACES * PLACE_BYTES);
    }
}
