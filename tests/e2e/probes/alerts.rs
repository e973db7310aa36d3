//! The shipped alerts on probes, in a real Prometheus with the shipped scrape
//! configuration, and exporters in two regions; all durations divided by one
//! number, but for the interval of certificates.

use crate::certificates::Kind;
use crate::name_server::{NameServer, Says};
use crate::sites::Sites;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sightline_tests::blackbox::Blackbox;
use sightline_tests::parts;
use sightline_tests::process::{free_port, wait_for};
use sightline_tests::prometheus::{self, Prometheus};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// A minute of the rules is half a second here.
const DIVISOR: u32 = 120;
/// The hold of an hour and what comes before it, twice over.
const LIMIT: Duration = Duration::from_secs(75);

/// An alert, and what is said to be wrong: a target's, or a region's.
type Told = (String, String);

/// Prometheus with two regions that probe, and one that does not answer.
struct Stage {
    prometheus: Prometheus,
    _exporters: [Blackbox; 2],
    _servers: [NameServer; 3],
    /// What has to be told, and that of the healthy site that falls ill.
    expected: BTreeSet<Told>,
}

impl Stage {
    fn start(sites: &Sites, folder: &Path) -> Result<Self> {
        // The exporter of `us` trusts nobody: from there HTTPS fails.
        let trusts_nobody = folder.join("nobody.pem");
        std::fs::write(&trusts_nobody, "")?;
        // Timeouts are divided, what the exporter keeps back of them is not.
        let arguments = ["--timeout-offset=0.05"];
        let authority = &sites.certificates.authority;
        let exporters = [
            Blackbox::start(folder, authority, &arguments)?,
            Blackbox::start(folder, &trusts_nobody, &arguments)?,
        ];
        let [eu, us] = exporters.each_ref().map(|exporter| exporter.port);
        let late = Duration::from_millis(2200);
        let servers = [Says::Address, Says::NoSuchName, Says::Late(late)];
        let [known, unknown, slow] = servers.map(NameServer::start);
        let servers = [known?, unknown?, slow?];
        let names = servers
            .each_ref()
            .map(|server| format!("127.0.0.1:{}", server.port));
        let from = |region: &str, port: u16, targets: &[String]| {
            let prober = format!("127.0.0.1:{port}");
            json!({"labels": {"region": region, "__prober": prober}, "targets": targets})
        };
        let health = [sites.plain("/health/ready"), sites.plain("/error")];
        let page = [sites.page(Kind::Good)];
        let hosts = [Kind::Good, Kind::Soon, Kind::Now, Kind::Name].map(|kind| sites.host(kind));
        let targets: [(&str, Value); 5] = [
            (
                "blackbox-exporter",
                json!([{"targets": [format!("127.0.0.1:{eu}"), format!("127.0.0.1:{us}")]}]),
            ),
            (
                "probe-health",
                json!([
                    from("eu", eu, &health),
                    from("us", us, &health),
                    from("ap", free_port()?, &health),
                ]),
            ),
            (
                "probe-pages",
                json!([from("eu", eu, &page), from("us", us, &page)]),
            ),
            ("probe-tls", json!([from("eu", eu, &hosts)])),
            ("probe-dns", json!([from("eu", eu, &names)])),
        ];
        let configuration = prometheus::shipped(folder, DIVISOR, &targets)?;
        // Nobody waits for three minutes; 4 s are still longer than a sample is
        // current here.
        ensure!(configuration.contains("scrape_interval: 3m\n"));
        let configuration = configuration.replace(": 3m\n", ": 4s\n");
        let lookback = format!("--query.lookback-delta={}ms", 300_000 / DIVISOR);
        let prometheus =
            Prometheus::start_with(folder, free_port()?, &configuration, &[&lookback])?;
        let [_, soon, now, name] = hosts;
        let expected = [
            ("ProbeFailing", health[1].clone()),
            ("ProbeFailing", names[1].clone()),
            ("ProbeFailingInRegion", page[0].clone()),
            ("ProbeTlsFailing", name),
            ("ProbesMissing", "ap".to_owned()),
            ("ProbeSlow", names[2].clone()),
            ("CertificateExpiresSoon", soon),
            ("CertificateExpiresSoon", now.clone()),
            ("CertificateExpiresNow", now),
        ];
        Ok(Self {
            prometheus,
            _exporters: exporters,
            _servers: servers,
            expected: expected.map(|(alert, of)| (alert.to_owned(), of)).into(),
        })
    }

    /// What fires now.
    fn told(&self) -> Result<BTreeSet<Told>> {
        let firing = r#"ALERTS{component=~"probe|infrastructure",alertstate="firing"}"#;
        let alerts = self.prometheus.query(firing)?.into_iter();
        let told = alerts.map(|alert| {
            let of = match alert.label("instance") {
                "" => alert.label("region"),
                instance => instance,
            };
            (alert.label("alertname").to_owned(), of.to_owned())
        });
        Ok(told
            .filter(|(alert, _)| !OTHERS.contains(&alert.as_str()))
            .collect())
    }

    fn wait_until_told(&self, expected: &BTreeSet<Told>) -> Result<()> {
        wait_for("the alerts", LIMIT, || {
            let told = self.told()?;
            let (missing, more) = (expected - &told, &told - expected);
            ensure!(told == *expected, "missing {missing:?}, too much {more:?}");
            Ok(Some(()))
        })
    }
}

/// Here is no Alertmanager, and the watchdog always fires.
const OTHERS: [&str; 2] = ["Watchdog", "PrometheusAlertmanagerMissing"];

#[test]
fn alerts_tell_what_is_wrong_with_sites_and_nothing_else() {
    let Some((sites, folder)) = crate::sites() else {
        return;
    };
    if !parts::all_present(&[parts::PROMETHEUS]) {
        return;
    }
    let stage = Stage::start(&sites, folder.path()).unwrap();
    stage.wait_until_told(&stage.expected).unwrap();

    sites.set_ill(true);
    let mut with_ill = stage.expected.clone();
    with_ill.insert(("ProbeFailing".to_owned(), sites.plain("/health/ready")));
    stage.wait_until_told(&with_ill).unwrap();
    sites.set_ill(false);
    stage.wait_until_told(&stage.expected).unwrap();
}
