//! What the pages say that a plan is.

use super::*;
use serde_json::Value;
use std::fs;

fn text(path: &str) -> String {
    fs::read_to_string(ours().join(path)).unwrap()
}

/// The lines of the page's first block of YAML.
fn yaml(page: &str) -> Vec<String> {
    let text = text(page);
    let (_, after) = text.split_once("```yaml\n").unwrap();
    let (block, _) = after.split_once("```").unwrap();
    block.lines().map(str::to_owned).collect()
}

fn plan(lines: &[String]) -> Plan {
    Plan::read(&lines.join("\n"), &ours()).unwrap()
}

#[test]
fn the_sample_is_a_plan_as_it_stands_and_has_every_field() {
    let lines = yaml("go-live.md");
    assert_eq!(plan(&lines).url, "https://shop.example");
    let mut known = super::super::plan::FIELDS.into_iter();
    let is_shown = |field: &str| {
        let mut lines = lines.iter().map(|line| line.trim_start_matches("# "));
        lines.any(|line| line.starts_with(&format!("{field}: ")))
    };
    assert!(known.all(is_shown), "{lines:?}");
}

/// The sample, with what the page about deployments changes in it for the compose stack.
#[test]
fn what_compose_probes_is_what_its_page_says() {
    let mut lines = yaml("go-live.md");
    for change in yaml("deploy/README.md") {
        let key = change.split_once(": ").unwrap().0;
        let mut of_key = lines.iter_mut();
        let line = of_key.find(|line| line.starts_with(&format!("{key}: ")));
        *line.unwrap() = change.clone();
    }
    let mut targets = Vec::new();
    for job in ["dns", "health", "pages", "tls"] {
        let groups: Value =
            serde_saphyr::from_str(&text(&format!("deploy/compose/targets/probe-{job}.yaml")))
                .unwrap();
        let groups = groups.as_array().unwrap().iter();
        let of_job = groups.flat_map(|group| group["targets"].as_array().unwrap().clone());
        targets.extend(of_job.map(|target| target.as_str().unwrap().to_owned()));
    }
    let server = serve(move |request| {
        let is_up = query_of(request).contains("probe_success");
        let up = targets
            .iter()
            .map(|target| ("instance", target.as_str(), 1.0));
        http_server::Answer::new(200, samples(&Vec::from_iter(up.filter(|_| is_up))))
    });
    let mut plan = plan(&lines);
    plan.prometheus = format!("http://127.0.0.1:{}", server.port);
    let told = of("uptime and certificates probed", &plan);
    assert_answer(&told, Pass, "2 probes succeed");
    plan.probed_as = plan.url.clone();
    let told = of("uptime and certificates probed", &plan);
    assert_answer(&told, Fail, "http://127.0.0.1:8080 is not probed");
}
