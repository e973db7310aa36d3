//! What amtool says of the configuration: it is sound, and which receiver each
//! set of labels goes to.

use sightline_tests::{parts, process};
use std::path::PathBuf;
use std::process::{Command, Output};

fn config() -> PathBuf {
    parts::repository().join("collector-config/alertmanager/alertmanager.yaml")
}

fn amtool(arguments: &[&str]) -> Output {
    let amtool = parts::require(parts::AMTOOL).expect("amtool");
    let mut command = Command::new(amtool);
    process::run(command.args(arguments)).unwrap()
}

#[test]
fn the_configuration_and_its_templates_are_sound() {
    if !parts::all_present(&[parts::AMTOOL]) {
        return;
    }
    let output = amtool(&["check-config", &config().to_string_lossy()]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains(" - 4 receivers"), "{text}");
    assert!(text.contains(" - 1 templates"), "{text}");
}

#[test]
fn labels_decide_on_the_receiver() {
    if !parts::all_present(&[parts::AMTOOL]) {
        return;
    }
    let components = [
        "slo",
        "edge",
        "browser",
        "collector",
        "application",
        "infrastructure",
        "probe",
        "business",
    ];
    let mut cases = Vec::new();
    for component in components {
        for severity in ["page", "chat", "ticket"] {
            let labels = format!("alertname=A job=shop severity={severity} component={component}");
            // One receiver for each severity, whatever it is about.
            cases.push((labels, severity));
        }
    }
    for (labels, receiver) in [
        // Before its severity: a sign of life is no trouble.
        ("alertname=Watchdog severity=ticket", "dead-mans-switch"),
        // Nothing is lost for want of a label, or for a label of others.
        ("alertname=A", "chat"),
        ("alertname=A job=shop severity=critical", "chat"),
        ("alertname=A job=shop severity=pages", "chat"),
    ] {
        cases.push((labels.to_owned(), receiver));
    }
    for (labels, receiver) in cases {
        let file = format!("--config.file={}", config().display());
        let verify = format!("--verify.receivers={receiver}");
        let mut arguments = vec!["config", "routes", "test", &file, &verify];
        arguments.extend(labels.split(' '));
        let output = amtool(&arguments);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{labels}: {text}");
    }
}
