//! The checklist of `cargo xtask golive`, asked of the running shop; and of what is not
//! there.

use sightline_tests::golive::{self, Answer, Plan, Verdict};
use sightline_tests::http_server::{self, HttpServer};
use sightline_tests::line::Line;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use sightline_tests::test_alert;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Rules are evaluated every two seconds.
const EVALUATED_LIMIT: Duration = Duration::from_secs(30);

/// What each line says.
fn asked(plan: &Plan) -> BTreeMap<&'static str, Answer> {
    let answers = golive::run(plan, |answer| println!("{answer}"));
    answers.into_iter().map(|one| (one.line, one)).collect()
}

/// Serves the runbooks, and has the rules that Prometheus reads from `folder` lead there.
fn runbooks(line: &Line, folder: &Path) -> HttpServer {
    let pages = parts::repository().join("collector-config/runbooks");
    let server = HttpServer::start(move |request| {
        let page = pages.join(request.path().trim_start_matches('/'));
        http_server::Answer::new(if page.is_file() { 200 } else { 404 }, "")
    })
    .unwrap();
    let shipped = test_alert::links().unwrap().runbooks;
    let here = format!("http://127.0.0.1:{}", server.port);
    for file in fs::read_dir(folder.join("rules")).unwrap() {
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace(&shipped, &here)).unwrap();
    }
    line.prometheus.reload().unwrap();
    wait_for("rules that lead to these", EVALUATED_LIMIT, || {
        let rules = line.prometheus.ask("rules", &[])?.to_string();
        let leads_here = rules.contains(&here) && !rules.contains(&shipped);
        let is_evaluated = !rules.contains("\"health\":\"unknown\"");
        Ok((leads_here && is_evaluated).then_some(()))
    })
    .unwrap();
    server
}

/// The shop, whose visits have just been made.
pub fn assert_told(line: &Line, folder: &Path) {
    let _runbooks = runbooks(line, folder);
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
    let kept = &told["retention"].found;
    assert!(kept.starts_with("metrics 15d, "), "{kept}");
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
