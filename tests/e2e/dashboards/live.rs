//! The checklist of `cargo xtask golive`, asked of the running shop; and of what is not
//! there.

use sightline_tests::golive::{self, Answer, Plan, Verdict};
use sightline_tests::line::Line;
use sightline_tests::parts;
use std::collections::BTreeMap;

/// What each line says.
fn asked(plan: &Plan) -> BTreeMap<&'static str, Answer> {
    let answers = golive::run(plan, |answer| println!("{answer}"));
    answers.into_iter().map(|one| (one.line, one)).collect()
}

/// The shop, whose visits have just been made.
pub fn assert_told(line: &Line) {
    let ours = parts::repository().join("collector-config");
    let [prometheus, url] = [line.prometheus.url(), &line.url];
    let (traces, logs) = (
        line.collector.traces.display(),
        line.collector.logs.display(),
    );
    let text = format!(
        "{{service: edge, pages: shop-browser, sampling: 1, url: '{url}', prometheus: '{prometheus}', traces: '{traces}', \
         logs: '{logs}', on_call: {{primary: ann, secondary: bob, manager: eve}}}}"
    );
    let plan = Plan::read(&text, &ours).unwrap();
    let told = asked(&plan);
    for (line, verdict) in [
        ("metrics by route", Verdict::Pass),
        ("labels bounded", Verdict::Pass),
        ("logs with ids, without secrets", Verdict::Pass),
        ("trace joined across layers", Verdict::Pass),
        ("front-end vitals and errors", Verdict::Pass),
        ("live, ready and startup", Verdict::Pass),
        ("alerts with runbook and test", Verdict::Pass),
        ("receivers reached", Verdict::CannotTell),
        // Another site is.
        ("uptime and certificates probed", Verdict::Fail),
        // Prometheus keeps for 15 days what nobody has it keep longer.
        ("retention", Verdict::Fail),
        ("sampling", Verdict::Pass),
        ("on-call named", Verdict::Pass),
    ] {
        assert_eq!(told[line].verdict, verdict, "{}", told[line]);
    }
    assert_ne!(told["dashboards with data"].verdict, Verdict::Fail);

    // Another service: nothing of it is there, and everything says what to do.
    let text = text.replace("service: edge", "service: nobody");
    let told = asked(&Plan::read(&text, &ours).unwrap());
    for line in ["metrics by route", "logs with ids, without secrets"] {
        assert_eq!(told[line].verdict, Verdict::Fail, "{}", told[line]);
        assert!(!told[line].to_do.is_empty());
    }
    let dashboards = &told["dashboards with data"];
    assert_eq!(dashboards.verdict, Verdict::Fail, "{dashboards}");
    assert_eq!(told["labels bounded"].verdict, Verdict::CannotTell);
    // Nobody answers: nothing passes that was not seen, and the service is not there.
    let nowhere = "{service: edge, url: 'http://127.0.0.1:1', prometheus: 'http://127.0.0.1:1'}";
    let told = asked(&Plan::read(nowhere, &ours).unwrap());
    assert!(told.values().all(|one| one.verdict != Verdict::Pass));
    let health = &told["live, ready and startup"];
    assert_eq!(health.verdict, Verdict::Fail, "{health}");
}
