//! The configurations of `docker compose`, each by its tool's own checker. Loki and
//! Jaeger take ten minutes to build; of theirs only the structure is looked at.

use crate::compose::project;
use crate::{path, said, text, texts};
use sightline_tests::http::Client;
use sightline_tests::node_exporter::NodeExporter;
use sightline_tests::parts;
use std::process::Command;

#[test]
fn prometheus_takes_its_configuration_with_these_targets() {
    if !parts::all_present(&[parts::PROMTOOL]) {
        return;
    }
    // As it is mounted.
    let folder = tempfile::tempdir().unwrap();
    let prometheus = folder.path().join("prometheus");
    std::fs::create_dir(&prometheus).unwrap();
    let mounted = prometheus.join("prometheus.yml");
    std::fs::copy(path("prometheus/prometheus.yml"), &mounted).unwrap();
    for (name, source) in [
        ("prometheus/targets", "deploy/compose/targets"),
        ("rules", "rules"),
    ] {
        std::os::unix::fs::symlink(path(source), folder.path().join(name)).unwrap();
    }
    for file in [mounted, path("prometheus/prometheus.yml")] {
        let mut promtool = Command::new(parts::require(parts::PROMTOOL).unwrap());
        said(promtool.args(["check", "config"]).arg(file));
    }
}

#[test]
fn alertmanager_takes_its_configuration() {
    if parts::all_present(&[parts::AMTOOL]) {
        let file = path("alertmanager/alertmanager.yaml");
        let mut amtool = Command::new(parts::require(parts::AMTOOL).unwrap());
        said(amtool.arg("check-config").arg(file));
    }
}

#[test]
fn blackbox_exporter_takes_its_modules() {
    if parts::all_present(&[parts::BLACKBOX]) {
        let file = path("blackbox/blackbox.yaml");
        let mut exporter = Command::new(parts::require(parts::BLACKBOX).unwrap());
        said(
            exporter
                .arg("--config.check")
                .arg("--config.file")
                .arg(file),
        );
    }
}

#[test]
fn node_exporter_takes_no_container_s_network_for_the_machine_s() {
    let Some(project) = project() else { return };
    if !parts::all_present(&[parts::NODE_EXPORTER]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = texts(&project["services"]["node-exporter"]["command"]);
    let exporter = NodeExporter::start_with(folder.path(), &arguments).unwrap();
    let url = format!("http://127.0.0.1:{}/metrics", exporter.port);
    let page = Client::default().get(&url, &[]).unwrap().body;
    assert!(page.contains("\nnode_cpu_seconds_total{"), "{page}");
    assert!(!page.contains("\nnode_network_receive_"), "{page}");
}

#[test]
fn the_collector_takes_its_configuration_and_knows_every_setting() {
    let Some(project) = project() else { return };
    if !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let collector = &project["services"]["collector"];
    let mut command = Command::new(parts::require(parts::OTELCOL).unwrap());
    command.arg("validate");
    let mut files = String::new();
    for argument in texts(&collector["command"]) {
        let file = argument.strip_prefix("--config=/etc/sightline/").unwrap();
        let file = format!("collector/{file}");
        files += &text(&file);
        command.arg("--config").arg(path(&file));
    }
    for (name, value) in collector["environment"].as_object().unwrap() {
        assert!(files.contains(&format!("${{env:{name}")), "{name}");
        command.env(name, value.as_str().unwrap());
    }
    // A folder that is there.
    let queue = tempfile::tempdir().unwrap();
    command.env("SIGHTLINE_QUEUE_FOLDER", queue.path());
    said(&mut command);
}

#[test]
fn envoy_takes_its_configuration() {
    if !parts::all_present(&[parts::ENVOY, parts::FILTER]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("envoy.yaml");
    let filter = parts::require(parts::FILTER).unwrap();
    for (of, mounted) in [
        ("compose/edge", "/etc/envoy/sightline_filter.wasm"),
        (
            "kubernetes/envoy",
            "/etc/envoy/filter/sightline_filter.wasm",
        ),
    ] {
        let configuration = text(&format!("deploy/{of}/envoy.yaml"));
        assert!(configuration.contains(mounted));
        let configuration = configuration.replace(mounted, &filter.display().to_string());
        std::fs::write(&file, configuration).unwrap();
        let mut envoy = Command::new(parts::require(parts::ENVOY).unwrap());
        said(envoy.args(["--mode", "validate", "-c"]).arg(&file));
    }
}
