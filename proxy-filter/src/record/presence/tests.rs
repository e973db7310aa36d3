//! Workers that trap, hang, leave, are reloaded, and come back.

use crate::ledger::Ledger;
use crate::record::tests::contribution;
use crate::record::{Contribution, Record, WorkerId};
use crate::red::Red;
use std::collections::BTreeMap;

const MILLI: u64 = 1_000_000;

/// Workers that publish once a second, as far as they live.
struct Process {
    record: Record,
    millis: u64,
    alive: Vec<WorkerId>,
    /// When each began that did not at the start.
    began: BTreeMap<WorkerId, u64>,
}

impl Process {
    fn start(workers: WorkerId) -> Self {
        let mut process = Self {
            record: Record::new(0, [0; 16]),
            millis: 1000,
            alive: (1..=workers).collect(),
            began: BTreeMap::new(),
        };
        process.run(1);
        process
    }

    fn publish(&mut self, worker: WorkerId, is_last: bool) {
        let (red, ledger) = (Red::default(), Ledger::default());
        self.millis += 10;
        self.record.add(&Contribution {
            began_nanos: self.began.get(&worker).map_or(500, |millis| *millis) * MILLI,
            now_nanos: self.millis * MILLI,
            is_last,
            ..contribution(worker, &red, &ledger)
        });
    }

    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let next = self.millis + 1000;
            for worker in self.alive.clone() {
                self.publish(worker, false);
            }
            self.millis = next;
        }
    }

    fn trap(&mut self, worker: WorkerId) {
        self.alive.retain(|alive| *alive != worker);
    }

    fn join(&mut self, worker: WorkerId) {
        self.millis += 10;
        self.began.insert(worker, self.millis);
        self.alive.push(worker);
    }

    fn leave(&mut self, worker: WorkerId) {
        self.trap(worker);
        self.publish(worker, true);
    }

    /// missing, lost in all
    fn told(&self) -> (u64, u64) {
        (self.record.missing(), self.record.ledger.workers_lost)
    }
}

#[test]
fn a_worker_that_traps_is_missing_after_ten_seconds_and_for_good() {
    let mut process = Process::start(3);
    process.trap(2);
    process.run(9);
    assert_eq!(process.told(), (0, 0));
    process.run(3);
    assert_eq!(process.told(), (1, 1));
    process.run(300);
    assert_eq!(process.told(), (1, 1), "also when it is forgotten");
}

#[test]
fn who_joined_a_little_later_is_no_successor() {
    let mut process = Process::start(3);
    process.trap(1);
    assert_eq!(process.record.workers.len(), 3, "2 and 3 after it");
    process.run(20);
    assert_eq!(process.told(), (1, 1));
}

#[test]
fn a_new_one_heals_whenever_it_comes() {
    for (seconds, when) in [
        (0, "before its loss is noticed"),
        (30, "after that"),
        (200, "when the lost one is forgotten"),
    ] {
        let mut process = Process::start(3);
        process.trap(2);
        process.run(seconds);
        process.join(20);
        process.run(200);
        assert_eq!(process.told(), (0, 1), "{when}");
        process.trap(20);
        process.run(20);
        assert_eq!(process.told(), (1, 2), "{when}: it traps, too");
    }
}

#[test]
fn one_new_worker_stands_in_for_one_lost() {
    let mut process = Process::start(4);
    process.trap(2);
    process.trap(3);
    process.run(1);
    process.join(20);
    process.run(20);
    assert_eq!(process.told(), (1, 2));
    process.join(30);
    process.run(1);
    assert_eq!(process.told(), (0, 2));
}

#[test]
fn those_of_a_reload_before_stand_in_for_nobody() {
    let mut process = Process::start(2);
    for (old, new) in [(1, 10), (2, 20)] {
        process.join(new);
        process.run(1);
        process.leave(old);
    }
    process.run(20);
    assert_eq!(process.told(), (0, 0), "a goodbye is no loss");
    process.trap(10);
    process.run(20);
    assert_eq!(process.told(), (1, 1), "20 was there before");
    process.join(100);
    process.join(200);
    process.run(1);
    process.leave(20);
    process.run(200);
    assert_eq!(process.told(), (0, 1), "a reload heals");
}

#[test]
fn who_hung_and_comes_back_is_not_missing() {
    let mut process = Process::start(3);
    process.trap(2);
    process.run(15);
    assert_eq!(process.told(), (1, 1));
    process.alive.push(2);
    process.run(1);
    assert_eq!(process.told(), (0, 1));
}

#[test]
fn a_process_that_was_stopped_has_lost_nobody() {
    let mut process = Process::start(3);
    process.run(5);
    process.millis += 60_000;
    process.run(5);
    assert_eq!(process.told(), (0, 0));
}

#[test]
fn who_leaves_after_silence_is_not_missing() {
    let mut process = Process::start(2);
    process.trap(2);
    process.run(15);
    process.leave(2);
    assert_eq!(process.told(), (0, 1));
}
