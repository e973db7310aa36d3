//! Which alerts are loaded, and where they lead.

use super::*;
use serde_json::{Value, json};
use sightline_rules::rule_file::RuleFile;
use std::fs;

const LINE: &str = "alerts with runbook and test";
/// One that pages, of a group that no cluster has of its own.
const ONE: &str = "EdgeMetricsAbsent";

/// The shipped groups as Prometheus tells them, with their runbooks below an address.
fn shipped(books: &str) -> Vec<Value> {
    let files = fs::read_dir(ours().join("rules")).unwrap().map(|file| {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        RuleFile::parse(&text).unwrap().groups
    });
    let alerts = |name: &String| {
        json!({"name": name, "health": "ok",
            "annotations": {"runbook_url": format!("{books}/{name}.md")}})
    };
    let group = |group: sightline_rules::rule_file::Group| {
        let names = group.rules.iter().filter_map(|rule| rule.alert.as_ref());
        json!({"name": group.name, "rules": Vec::from_iter(names.map(alerts))})
    };
    files.flatten().map(group).collect()
}

/// The answer to these groups after a change, which is told where the runbooks are: every
/// one but `gone.md`.
fn told(change: impl Fn(&mut Vec<Value>, &str) + Send + Sync + 'static) -> Answer {
    told_in(ours(), change)
}

/// The same of what stands in a folder.
fn told_in(
    ours: PathBuf,
    change: impl Fn(&mut Vec<Value>, &str) + Send + Sync + 'static,
) -> Answer {
    let server = serve(move |request| {
        let mut headers = request.headers.iter();
        let (_, host) = headers.find(|(name, _)| name == "host").unwrap();
        let books = format!("http://{host}/books");
        if request.path() != "/api/v1/rules" {
            let is_gone = request.path() == "/books/gone.md";
            return http_server::Answer::new(if is_gone { 404 } else { 200 }, "");
        }
        let mut groups = shipped(&books);
        change(&mut groups, &books);
        http_server::Answer::new(200, data(&json!({"groups": groups})))
    });
    let mut plan = plan_of(&server, "");
    plan.ours = ours;
    of(LINE, &plan)
}

/// What Prometheus tells of an alert.
fn of_one(groups: &mut [Value]) -> &mut Value {
    let rules = groups.iter_mut().flat_map(|group| {
        let rules = group["rules"].as_array_mut();
        rules.into_iter().flatten()
    });
    let mut ones = rules.filter(|rule| rule["name"] == ONE);
    ones.next().unwrap()
}

/// Such an alert as kube-prometheus has: with a name of ours, and without a test here.
fn of_another(name: &str) -> Value {
    json!({"name": "general.rules", "rules": [{"name": name, "health": "ok", "annotations": {}}]})
}

#[test]
fn all_that_is_shipped_is_loaded_evaluated_and_leads_to_a_page() {
    assert_answer(&told(|_, _| ()), Pass, " alerts");
    for (health, verdict, found) in [
        ("unknown", CannotTell, "EdgeMetricsAbsent was not evaluated"),
        ("err", Fail, "EdgeMetricsAbsent can't be evaluated"),
    ] {
        let told = told(move |groups, _| of_one(groups)["health"] = health.into());
        assert_answer(&told, verdict, found);
    }
    for (url, verdict, found) in [
        ("", Fail, "EdgeMetricsAbsent has no runbook"),
        ("see the wiki", Fail, "EdgeMetricsAbsent has no runbook"),
        ("BOOKS/gone.md", Fail, "/books/gone.md answers 404"),
        ("http://127.0.0.1:1/a.md", CannotTell, "127.0.0.1:1/a.md"),
    ] {
        let told = told(move |groups, books| {
            of_one(groups)["annotations"]["runbook_url"] = url.replace("BOOKS", books).into();
        });
        assert_answer(&told, verdict, found);
    }
    let one_less = told(|groups, _| of_one(groups)["name"] = "EdgeMetricsPresent".into());
    assert_answer(&one_less, Fail, "EdgeMetricsAbsent is not loaded");
    assert_answer(&told(|groups, _| groups.clear()), Fail, "no alert of ours");
}

#[test]
fn a_server_of_runbooks_that_does_not_answer_is_asked_once() {
    let told = told(|groups, _| *groups = shipped("http://127.0.0.1:1/books"));
    assert_answer(&told, CannotTell, "http://127.0.0.1:1/books/");
    assert_eq!(told.found.matches("127.0.0.1:1").count(), 1, "{told}");
}

#[test]
fn alerts_of_others_are_counted_and_theirs_to_test() {
    let beside = told(|groups, _| groups.push(of_another("KubePodCrashLooping")));
    assert_answer(&beside, Pass, "and 1 of others");
    let alone = told(|groups, _| *groups = vec![of_another("Watchdog")]);
    assert_answer(&alone, Fail, "no alert of ours is loaded, 1 of others");
}

#[test]
fn a_cluster_has_alerts_about_itself_of_its_own_or_ours() {
    fn without(group: &'static str, groups: &mut Vec<Value>) {
        groups.retain(|of| of["name"] != group);
    }
    let kube_prometheus = told(|groups, _| {
        without("prometheus", groups);
        groups.push(of_another("Watchdog"));
    });
    assert_answer(&kube_prometheus, Pass, "none of group prometheus");
    let nobody_s = told(|groups, _| without("prometheus", groups));
    assert_answer(&nobody_s, Fail, "PrometheusRuleFailures is not loaded");
    let no_edge_s = told(|groups, _| {
        without("edge", groups);
        groups.push(of_another("Watchdog"));
    });
    assert_answer(&no_edge_s, Fail, "Edge");
}

#[test]
fn an_alert_that_no_test_sees_fire_fails() {
    let folder = tempfile::TempDir::new().unwrap();
    for file in [
        "rules/edge.yaml",
        "deploy/kubernetes/cluster-rules/rules.yaml",
    ] {
        let copy = folder.path().join(file);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(ours().join(file), copy).unwrap();
    }
    let tests = folder.path().join("tests");
    fs::create_dir(&tests).unwrap();
    let told = told_in(folder.path().to_owned(), |_, _| ());
    assert_answer(&told, Fail, "no test here sees EdgeDataDropped fire");
}
