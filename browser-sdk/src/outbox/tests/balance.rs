//! The account balances, whatever happens in whatever order.
#![allow(clippy::arithmetic_side_effects)]

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Push(bool, usize),
    Restore(bool, usize),
    Lose(u32),
    Next(Need, bool),
    Settle(usize, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let need = prop_oneof![
        Just(Need::InTime),
        Just(Need::Now),
        Just(Need::Leaving),
        Just(Need::Keep),
        Just(Need::Ready)
    ];
    let status = prop_oneof![
        Just(200u32),
        Just(0),
        Just(503),
        Just(400),
        Just(KEPT),
        Just(NOT_KEPT)
    ];
    prop_oneof![
        (any::<bool>(), 0usize..9_000).prop_map(|(logs, size)| Step::Push(logs, size)),
        (any::<bool>(), 0usize..9_000).prop_map(|(logs, size)| Step::Restore(logs, size)),
        (0u32..9).prop_map(Step::Lose),
        (need, any::<bool>()).prop_map(|(need, gzips)| Step::Next(need, gzips)),
        (0usize..3, status).prop_map(|(at, status)| Step::Settle(at, status)),
    ]
}

proptest! {
    /// Whatever happens: produced + restored = delivered + lost + kept + queued,
    /// within bounds.
    #[test]
    fn the_account_balances(steps in proptest::collection::vec(step(), 0..300)) {
        let mut outbox = Outbox::default();
        let (mut flying, mut restored) = (vec![], 0);
        for (at, step) in steps.into_iter().enumerate() {
            let now = at as f64 * 1_000.0;
            let signal = |logs| if logs { Signal::Logs } else { Signal::Traces };
            match step {
                Step::Push(logs, size) => outbox.push(signal(logs), record("a", size)),
                Step::Restore(logs, size) => {
                    restored += size;
                    outbox.restore(signal(logs), 2, &vec![0; size]);
                }
                Step::Lose(count) => {
                    outbox.lose(Count::Duplicate, count);
                    outbox.lose(Count::StorageFull, count);
                }
                Step::Next(need, gzips) => {
                    if let Some(batch) = outbox.next(need, now, 0, &SOURCE, gzips) {
                        prop_assert!(batch.body.len() <= 32 * 1024);
                        let id = batch.id;
                        match need {
                            // Storage answers at once.
                            Need::Keep => outbox.answer(id, if gzips { KEPT } else { NOT_KEPT }, now),
                            _ => flying.push(id),
                        }
                    }
                }
                Step::Settle(at, status) => if at < flying.len() {
                    let rejected = status % 3;
                    let answer = Answer { rejected, ..answered(status) };
                    outbox.settle(flying.remove(at), answer, now);
                },
            }
            let account = outbox.account();
            let made = account.get(Count::Produced) + account.get(Count::Restored);
            let gone = account.get(Count::Delivered) + account.get(Count::Kept) + account.lost();
            prop_assert_eq!(made, gone + outbox.queued());
            // What found no room may be one more of each signal.
            let sealed = (MAX_BATCHES + 2) * (MAX_BATCH_BYTES + 200);
            prop_assert!(outbox.waiting_bytes() <= 2 * MAX_QUEUE_BYTES + sealed + restored);
        }
    }
}
