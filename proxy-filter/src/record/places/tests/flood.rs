//! Made-up paths, before and while real ones are asked for.

use super::*;

const REAL: [&str; 8] = [
    "/",
    "/cart",
    "/checkout/payment",
    "/products/{id}",
    "/help/returns",
    "/help/contact",
    "/api/v1/search",
    "/api/v1/suggest",
];

/// A path that nobody has asked for, of a shape that hurts.
fn made_up(at: u64) -> String {
    let name = word(at);
    match at % 6 {
        0 => format!("/{name}"),
        1 => format!("/help/{name}"),
        2 => format!("/{name}/{name}/{name}/{name}/{name}/{name}/{name}/{name}/{name}"),
        3 => format!("/cart/{}/{}/{}", word(at % 70), word(at % 71), name),
        4 => format!("/api/v1/{name}/{}", word(at % 97)),
        _ => format!("/{}/{name};x=1//.{name}", word(at % 60)),
    }
}

#[test]
fn a_million_made_up_paths_leave_memory_flat_and_real_routes_intact() {
    let mut edge = Edge::new(2);
    let mut real = 0;
    let mut made = 0;
    for at in 0..1_000_000 {
        edge.request(&made_up(at));
        made += 1;
        // Real requests come late and are few: one in 400.
        if at >= 300_000 && at % 400 == 0 {
            REAL.iter().for_each(|path| edge.request(path));
            real += 1;
        }
        if at % 1000 == 0 {
            edge.publish();
        }
        if at % 100_000 == 0 {
            edge.publish();
            edge.is_bounded();
        }
    }
    edge.publish();
    edge.is_bounded();
    assert_eq!(
        edge.total(),
        made + real * REAL.len() as u64,
        "nothing is lost"
    );
    for path in REAL {
        let name = infer(path);
        // What came before a name was earned is counted with the others.
        let missed = real - edge.count(&name);
        assert!(missed <= 200, "{name}: {missed} of {real}");
    }
}

#[test]
fn real_routes_that_were_there_first_miss_nothing() {
    let mut edge = Edge::new(4);
    for _ in 0..EARNED_REQUESTS {
        REAL.iter().for_each(|path| edge.request(path));
    }
    edge.publish();
    for at in 0..100_000 {
        edge.request(&made_up(at));
        if at % 100 == 0 {
            REAL.iter().for_each(|path| edge.request(path));
        }
        if at % 1000 == 0 {
            edge.publish();
        }
    }
    edge.publish();
    for path in REAL {
        let name = infer(path);
        assert_eq!(edge.count(&name), 1000 + EARNED_REQUESTS, "{name}");
    }
}

#[test]
fn a_flood_of_seconds_leaves_places_for_who_comes_right_after_it() {
    let mut edge = Edge::new(2);
    for at in 0..100_000 {
        edge.request(&made_up(at));
        if at % 20_000 == 0 {
            edge.publish();
        }
    }
    edge.publish();
    edge.is_bounded();
    for _ in 0..4 {
        for _ in 0..50 {
            REAL.iter().for_each(|path| edge.request(path));
        }
        edge.publish();
    }
    for path in REAL {
        let name = infer(path);
        // Each of the two workers sees whether a name is earned.
        assert!(edge.count(&name) > 100, "{name}: {}", edge.count(&name));
    }
    assert_eq!(edge.total(), 100_000 + 200 * REAL.len() as u64);
}
