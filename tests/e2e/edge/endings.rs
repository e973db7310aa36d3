//! However a request ends, it is counted once, with what it got, and is no
//! longer in progress: said by the filter, by Envoy's access log and by Envoy's
//! own statistics alike.

mod http1;
mod http2;
pub mod stage;

use crate::setup::envoy_present;
use sightline_tests::http::Client;
use sightline_tests::process::wait_for;
use sightline_tests::red::Requests;
use stage::{Stage, UNKNOWN};
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

/// One way to end.
struct Ending {
    /// What happens.
    what: &'static str,
    /// Does it, and returns when the client has seen the end.
    act: fn(&Stage) -> anyhow::Result<()>,
    /// What has to be counted: method, route, status, how often. Status 0 is
    /// no response.
    counted: &'static [(&'static str, &'static str, u16, u64)],
}

#[test]
fn every_ending_is_counted_once() {
    if !envoy_present() {
        return;
    }
    let stage = Stage::start(2, &routes());
    let mut wrong = Vec::new();
    for ending in http1::ENDINGS.iter().chain(http2::ENDINGS) {
        let before = stage.witnesses().unwrap();
        let done = (ending.act)(&stage);
        let expected: Requests = ending
            .counted
            .iter()
            .map(|(method, route, status, count)| {
                (((*method).to_owned(), (*route).to_owned(), *status), *count)
            })
            .collect();
        let counted = wait_for("all witnesses to agree", LIMIT, || {
            let seen = stage.witnesses()?.since(&before);
            seen.agree_on(&expected)?;
            Ok(Some(()))
        });
        if let Err(error) = done.and(counted) {
            wrong.push(format!("{}: {error:#}", ending.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let output = stage.envoy.output();
    assert!(
        !output.contains("panicked") && !output.contains("wasm vm crash"),
        "{output}"
    );
}

#[test]
fn what_runs_when_the_listener_drains_is_counted_to_its_end() {
    if !envoy_present() {
        return;
    }
    let stage = Stage::start(2, &routes());
    let before = stage.witnesses().unwrap();
    let url = format!("http://127.0.0.1:{}/e/slow-900", stage.port);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Client::default().get(&url, &[]).unwrap()))
            .collect();
        stage.wait_active(4).unwrap();
        stage.drain().unwrap();
        for answer in running {
            assert_eq!(answer.join().unwrap().status, 200);
        }
    });
    let expected = Requests::from([(("GET".to_owned(), "/e/slow-900".to_owned(), 200), 4)]);
    wait_for("all witnesses to agree", LIMIT, || {
        stage.witnesses()?.since(&before).agree_on(&expected)?;
        Ok(Some(()))
    })
    .unwrap();
}

/// Each path of the table is a route of its own, and the one that drains.
fn routes() -> BTreeSet<&'static str> {
    let endings = http1::ENDINGS.iter().chain(http2::ENDINGS);
    let counted = endings.flat_map(|ending| ending.counted);
    let routes = counted.map(|(_, route, ..)| *route);
    let routes = routes.filter(|route| *route != UNKNOWN);
    routes.chain(["/e/slow-900"]).collect()
}
