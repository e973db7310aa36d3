//! What each module takes for a success, asked as the shipped scrape configuration
//! asks.

use crate::certificates::Kind;
use crate::name_server::{NameServer, Says};
use anyhow::{Context, Result};
use serde_json::Value;
use sightline_rules::duration;
use sightline_tests::blackbox::Blackbox;
use sightline_tests::parts;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the exporter keeps back of what Prometheus waits.
const KEPT_BACK: Duration = Duration::from_millis(500);

fn read(path: &str) -> Value {
    let path = parts::repository().join("collector-config").join(path);
    let text = std::fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn time(value: &Value) -> Duration {
    duration::parse(value.as_str().unwrap()).unwrap()
}

/// The job that uses a module.
fn job(module: &str) -> Value {
    let shipped = read("prometheus/prometheus.yml");
    let jobs = shipped["scrape_configs"].as_array().unwrap();
    let found = jobs.iter().find(|job| job["params"]["module"][0] == module);
    found.unwrap_or_else(|| panic!("{module}")).clone()
}

#[test]
fn probes_have_the_times_that_were_promised_and_all_of_them() {
    let modules = read("blackbox/blackbox.yaml");
    let modules = modules["modules"].as_object().unwrap();
    assert_eq!(modules.len(), 4);
    for (module, every, timeout) in [
        ("health", 30, 10),
        ("page", 60, 15),
        ("tls", 6 * 3600, 30),
        ("dns", 300, 5),
    ] {
        let job = job(module);
        let timeout = Duration::from_secs(timeout);
        assert_eq!(
            time(&job["scrape_interval"]),
            Duration::from_secs(every),
            "{module}"
        );
        assert_eq!(time(&modules[module]["timeout"]), timeout, "{module}");
        assert_eq!(
            time(&job["scrape_timeout"]),
            timeout + KEPT_BACK,
            "{module}"
        );
    }
}

#[test]
fn modules_tell_good_sites_from_bad_ones() {
    let Some((sites, folder)) = crate::sites() else {
        return;
    };
    let authority = &sites.certificates.authority;
    let blackbox = Blackbox::start(folder.path(), authority, &[]).unwrap();
    let servers = [Says::Address, Says::NoSuchName, Says::Nothing];
    let servers = servers.map(|says| NameServer::start(says).unwrap());
    let [known, unknown, empty] = servers
        .each_ref()
        .map(|server| format!("127.0.0.1:{}", server.port));
    let plain = sites.plain("/");
    let no_tls = plain
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let cases = [
        ("health", sites.plain("/health/ready"), true),
        ("health", sites.plain("/error"), false),
        // Elsewhere is not well.
        ("health", sites.plain("/moved"), false),
        ("health", "http://localhost:1/".to_owned(), false),
        ("page", sites.plain("/page"), true),
        ("page", sites.plain("/moved"), true),
        ("page", sites.plain("/error"), false),
        // Something in between has answered.
        ("page", sites.plain("/json"), false),
        ("page", sites.page(Kind::Good), true),
        ("page", sites.page(Kind::Soon), true),
        ("page", sites.page(Kind::Expired), false),
        ("page", sites.page(Kind::Name), false),
        ("page", sites.page(Kind::Stranger), false),
        ("tls", sites.host(Kind::Good), true),
        ("tls", sites.host(Kind::Expired), false),
        ("tls", sites.host(Kind::Name), false),
        ("tls", sites.host(Kind::Stranger), false),
        ("tls", no_tls, false),
        ("dns", known, true),
        ("dns", unknown, false),
        ("dns", empty, false),
    ];
    for (module, target, expected) in cases {
        let wait = time(&job(module)["scrape_timeout"]);
        let probe = blackbox.probe(module, &target, wait).unwrap();
        assert_eq!(
            probe.is_success().unwrap(),
            expected,
            "{module} {target}: {probe:?}"
        );
    }
    sites.set_ill(true);
    let health = sites.plain("/health/ready");
    let probe = blackbox.probe("health", &health, Duration::from_secs(10));
    let probe = probe.unwrap();
    assert!(!probe.is_success().unwrap());
    assert_eq!(probe.value("probe_http_status_code"), Some(503.0));
}

#[test]
fn a_certificate_s_end_is_told_by_page_and_handshake_alike() {
    let Some((sites, folder)) = crate::sites() else {
        return;
    };
    let authority = &sites.certificates.authority;
    let blackbox = Blackbox::start(folder.path(), authority, &[]).unwrap();
    let wait = Duration::from_secs(10);
    for (kind, days) in [(Kind::Good, 365.0), (Kind::Soon, 10.0), (Kind::Now, 2.0)] {
        for (module, target) in [("page", sites.page(kind)), ("tls", sites.host(kind))] {
            let probe = blackbox.probe(module, &target, wait).unwrap();
            let ends = probe.value("probe_ssl_earliest_cert_expiry").unwrap();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let left = (ends - now.as_secs_f64()) / 86_400.0;
            assert!(
                (left - days).abs() < 0.01,
                "{module} {kind:?}: {left} days left"
            );
        }
    }
}

/// Of TLS only by the table above: half a minute is long.
#[test]
fn who_says_nothing_is_waited_for_as_long_as_promised() {
    let Some((sites, folder)) = crate::sites() else {
        return;
    };
    let authority = &sites.certificates.authority;
    let blackbox = Blackbox::start(folder.path(), authority, &[]).unwrap();
    let silent = NameServer::start(Says::Silence).unwrap();
    let took = |module: &str, target: String| -> Result<(f64, f64)> {
        let wait = time(&job(module)["scrape_timeout"]);
        let probe = blackbox.probe(module, &target, wait)?;
        let success = probe.value("probe_success").context("a result")?;
        let took = probe.value("probe_duration_seconds");
        Ok((success, took.context("a duration")?))
    };
    let cases = [
        ("health", sites.plain("/hangs"), 10.0),
        ("page", sites.plain("/hangs"), 15.0),
        ("dns", format!("127.0.0.1:{}", silent.port), 5.0),
    ];
    std::thread::scope(|scope| {
        let took = &took;
        let running = cases.map(|(module, target, limit)| {
            (module, limit, scope.spawn(move || took(module, target)))
        });
        for (module, limit, thread) in running {
            let (success, seconds) = thread.join().unwrap().unwrap();
            assert_eq!(success, 0.0, "{module}");
            let late = seconds - limit;
            assert!(
                (-0.1..2.0).contains(&late),
                "{module} waited for {seconds} s"
            );
        }
    });
}
