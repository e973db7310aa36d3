//! An Envoy whose routes end requests in every way, an upstream that does its
//! part, and three witnesses of what was counted.

use crate::setup::filter_with;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sightline_tests::envoy::{self, Envoy, Listener, access_log_path, direct, to_cluster};
use sightline_tests::http::Client;
use sightline_tests::process::{free_port, wait_for};
use sightline_tests::red::{self, Requests, parse_page};
use sightline_tests::scripted_upstream::ScriptedUpstream;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;
use tempfile::TempDir;

/// The route of what never became a request with a path.
pub const UNKNOWN: &str = "_unknown";

/// The stage.
pub struct Stage {
    pub envoy: Envoy,
    pub port: u16,
    /// As they were at the start.
    listeners: [Value; 2],
    /// Listeners that are asked what was counted.
    probes: RefCell<Vec<u16>>,
    folder: TempDir,
    client: Client,
    _upstreams: [ScriptedUpstream; 2],
}

impl Stage {
    /// With so many workers, and these routes as the filter's templates.
    pub fn start(concurrency: u32, routes: &BTreeSet<&str>) -> Self {
        let filter = filter_with("/routes", json!(routes));
        Self::start_with(concurrency, filter, &|_| {})
    }

    /// With this filter, and its connection managers changed.
    pub fn start_with(concurrency: u32, filter: Value, change: &dyn Fn(&mut Value)) -> Self {
        let folder = TempDir::new().unwrap();
        let upstream = ScriptedUpstream::start().unwrap();
        let echo = ScriptedUpstream::start_echo().unwrap();
        let edge = Listener {
            name: "edge",
            port: free_port().unwrap(),
            filter: Some(filter.clone()),
            routes: route_config(),
        };
        // The same service on a listener of its own, so that whoever looks is
        // not counted.
        let probe = Listener {
            name: "probe",
            port: free_port().unwrap(),
            filter: Some(filter),
            routes: vec![direct("/", 404)],
        };
        let mut listener = envoy::listener_config(&edge, folder.path()).unwrap();
        listener["traffic_direction"] = json!("INBOUND");
        let manager = envoy::connection_manager(&mut listener);
        manager["http_protocol_options"] = json!({"accept_http_10": true, "enable_trailers": true});
        manager["http2_protocol_options"] = json!({"allow_connect": true});
        manager["upgrade_configs"] =
            json!([{"upgrade_type": "websocket"}, {"upgrade_type": "CONNECT"}]);
        manager["access_log"][0]["typed_config"]["log_format"] = json!({"json_format": {
            "method": "%REQ(:METHOD)%", "path": "%REQ(:PATH)%", "status": "%RESPONSE_CODE%",
            "flags": "%RESPONSE_FLAGS%", "details": "%RESPONSE_CODE_DETAILS%",
        }});
        // One route leads nowhere.
        manager["route_config"]["validate_clusters"] = json!(false);
        let filters = manager["http_filters"].as_array_mut().unwrap();
        filters.insert(0, off("early_limit", limit(1000)));
        filters.insert(2, off("limit", limit(1000)));
        filters.insert(3, off("buffer", buffer()));
        change(manager);
        let mut probe_config = envoy::listener_config(&probe, folder.path()).unwrap();
        change(envoy::connection_manager(&mut probe_config));
        let mut clusters: Vec<_> = [
            ("upstream", upstream.port),
            ("echo", echo.port),
            ("nobody", free_port().unwrap()),
            ("collector", free_port().unwrap()),
        ]
        .iter()
        .map(envoy::cluster_config)
        .collect();
        clusters[0]["typed_extension_protocol_options"] = json!({
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http_protocol_options": {"enable_trailers": true}},
            }
        });
        let listeners = [listener, probe_config];
        let envoy = Envoy::start_with(folder.path(), concurrency, &listeners, &clusters).unwrap();
        Self {
            envoy,
            port: edge.port,
            listeners,
            probes: RefCell::new(vec![probe.port]),
            folder,
            client: Client::default(),
            _upstreams: [upstream, echo],
        }
    }

    /// Opens a connection and sends bytes.
    pub fn send(&self, bytes: &[u8]) -> Result<Line> {
        send(self.port, bytes)
    }

    /// Waits until so many requests are under way, as Envoy counts them.
    pub fn wait_active(&self, count: u64) -> Result<()> {
        wait_for("requests to be under way", Duration::from_secs(20), || {
            let active = self.envoy.counter("http.edge.downstream_rq_active")?;
            ensure!(active == count, "{active} of {count}");
            Ok(Some(()))
        })
    }

    /// Waits until so many requests more have begun.
    pub fn wait_total(&self, more: u64) -> Result<()> {
        let total = || self.envoy.counter("http.edge.downstream_rq_total");
        let from = total()?;
        wait_for("requests to begin", Duration::from_secs(20), || {
            Ok((total()? >= from + more).then_some(()))
        })
    }

    /// Replaces the listeners, changed: this one, and the probe's if it is to
    /// move, too. If it stays it tells what its VM has counted, and one more
    /// that is changed comes beside it.
    pub fn replace(&self, moves_probe: bool, change: &dyn Fn(&mut Value)) -> Result<()> {
        let [edge, probe] = &self.listeners;
        let changed = |listener: &Value| {
            let mut listener = listener.clone();
            let manager = envoy::connection_manager(&mut listener);
            let filters = manager["http_filters"].as_array_mut().into_iter().flatten();
            let ours = filters.filter(|filter| filter["name"] == "sightline");
            ours.for_each(|filter| change(&mut filter["typed_config"]["config"]));
            listener
        };
        let mut listeners = vec![changed(edge), changed(probe)];
        if !moves_probe {
            let port = free_port()?;
            listeners[1]["name"] = json!("another probe");
            listeners[1]["address"]["socket_address"]["port_value"] = json!(port);
            listeners.push(probe.clone());
            self.probes.borrow_mut().push(port);
        }
        let refused = self.envoy.update_with(&listeners)?;
        ensure!(refused.is_none(), "{refused:?}");
        Ok(())
    }

    /// Has the listener drain; the probe's goes on.
    pub fn drain(&self) -> Result<()> {
        self.envoy.post("/drain_listeners?graceful&inboundonly")?;
        Ok(())
    }

    /// What each witness has seen so far.
    pub fn witnesses(&self) -> Result<Witnesses> {
        let mut page = Vec::new();
        let mut counted = Requests::new();
        for probe in self.probes.borrow().iter() {
            let url = format!("http://127.0.0.1:{probe}/sightline/metrics");
            let one = parse_page(&self.client.get(&url, &[])?.body)?;
            for (key, count) in red::requests(&one) {
                *counted.entry(key).or_default() += count;
            }
            page.extend(one);
        }
        let path = |path: &str| match path {
            "" => UNKNOWN.to_owned(),
            path => path.to_owned(),
        };
        let log = access_log_path(self.folder.path(), "edge");
        let logged = red::requests_logged(&log, |_| true, path).unwrap_or_default();
        let logged = logged.into_iter().map(|((method, route, status), count)| {
            let method = match method.as_str() {
                "" => "_OTHER".to_owned(),
                _ => method,
            };
            ((method, route, status), count)
        });
        let stats = self
            .envoy
            .admin("/stats?filter=^http.edge.downstream_rq_")?;
        let stats = stats.lines().filter_map(|line| {
            let (name, value) = line
                .strip_prefix("http.edge.downstream_rq_")?
                .split_once(": ")?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        // What never was is not worth a line in a failure.
        let stats = stats.filter(|(_, value)| *value > 0);
        Ok(Witnesses {
            in_progress: red::total(&page, "http_requests_in_progress"),
            durations: red::total(&page, "http_request_duration_seconds_count") as u64,
            counted,
            logged: logged.collect(),
            stats: stats.collect(),
        })
    }
}

/// What three witnesses say.
#[derive(Debug)]
pub struct Witnesses {
    pub in_progress: f64,
    pub durations: u64,
    pub counted: Requests,
    pub logged: Requests,
    pub stats: BTreeMap<String, u64>,
}

impl Witnesses {
    /// What came since then.
    pub fn since(&self, before: &Self) -> Self {
        let less = |now: &Requests, then: &Requests| -> Requests {
            let pairs = now.iter();
            let pairs =
                pairs.map(|(key, count)| (key.clone(), count - then.get(key).unwrap_or(&0)));
            pairs.filter(|(_, count)| *count > 0).collect()
        };
        let stats = self.stats.iter().map(|(name, value)| {
            let is_gauge = name == "active";
            let then = before.stats.get(name).filter(|_| !is_gauge);
            (name.clone(), value - then.unwrap_or(&0))
        });
        Self {
            in_progress: self.in_progress,
            durations: self.durations - before.durations,
            counted: less(&self.counted, &before.counted),
            logged: less(&self.logged, &before.logged),
            stats: stats.collect(),
        }
    }

    /// Fails with what each says, unless all of them say this.
    pub fn agree_on(&self, expected: &Requests) -> Result<()> {
        let stat = |name: &str| self.stats.get(name).copied().unwrap_or_default();
        let total: u64 = expected.values().sum();
        let classes = [
            ("1xx", 100),
            ("2xx", 200),
            ("3xx", 300),
            ("4xx", 400),
            ("5xx", 500),
        ];
        let classes_agree = classes.iter().all(|(name, from)| {
            let of_class = expected
                .iter()
                .filter(|((.., status), _)| status / 100 * 100 == *from);
            let expected: u64 = of_class.map(|(_, count)| count).sum();
            // Envoy counts the interim 100 as well.
            stat(name) == expected || (*from == 100 && stat(name) > expected)
        });
        let agree = self.counted == *expected
            && self.logged == *expected
            && self.durations == total
            && self.in_progress == 0.0
            && stat("active") == 0
            && stat("total") == total
            && classes_agree;
        ensure!(agree, "expected {expected:?}, got {self:?}");
        Ok(())
    }
}

/// A connection that speaks line by line.
pub struct Line(BufReader<TcpStream>);

/// Opens a connection to a loopback port and sends bytes.
pub fn send(port: u16, bytes: &[u8]) -> Result<Line> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut line = Line(BufReader::new(stream));
    line.write(bytes)?;
    Ok(line)
}

impl Line {
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.get_mut().write_all(bytes)?)
    }

    /// Reads until this text has come.
    pub fn read_to(&mut self, text: &str) -> Result<String> {
        let mut read = Vec::new();
        while !read.ends_with(text.as_bytes()) {
            let mut byte = [0];
            let length = std::io::Read::read(&mut self.0, &mut byte)?;
            let so_far = String::from_utf8_lossy(&read);
            ensure!(length > 0, "it ended before {text:?}: {so_far}");
            read.push(byte[0]);
        }
        Ok(String::from_utf8(read)?)
    }

    /// Reads a status line.
    pub fn status(&mut self) -> Result<u16> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let code = line.split(' ').nth(1);
        code.and_then(|code| code.parse().ok())
            .with_context(|| format!("no status line: {line:?}"))
    }

    /// Reads to the end of the connection.
    pub fn read_to_end(&mut self) -> Result<Vec<u8>> {
        let mut rest = Vec::new();
        match std::io::Read::read_to_end(&mut self.0, &mut rest) {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => Err(error.into()),
            _ => Ok(rest),
        }
    }

    /// Says that nothing more will be sent.
    pub fn close_writing(&mut self) -> Result<()> {
        Ok(self.0.get_ref().shutdown(Shutdown::Write)?)
    }

    /// Gives the connection up, without an end.
    pub fn reset(self) -> Result<()> {
        sightline_tests::scripted_upstream::reset(self.0.into_inner())
    }
}

fn route_config() -> Vec<Value> {
    let upstream = |path: &str, route: Value| {
        let mut to = to_cluster(path, "upstream");
        for (name, value) in route.as_object().unwrap() {
            to["route"][name] = value.clone();
        }
        to
    };
    let mut redirect = direct("/e/redirect", 0);
    redirect.as_object_mut().unwrap().remove("direct_response");
    redirect["redirect"] = json!({"path_redirect": "/e/ok"});
    let mut limited = upstream("/e/limited", json!({}));
    limited["match"] = json!({"path": "/e/limited"});
    limited["typed_per_filter_config"] = json!({"limit": limit(1)});
    let mut early = upstream("/e/limited-before", json!({}));
    early["typed_per_filter_config"] = json!({"early_limit": limit(1)});
    let mut buffered = upstream("/e/buffered", json!({}));
    buffered["typed_per_filter_config"] = json!({"buffer": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
        "buffer": {"max_request_bytes": 100},
    }});
    let retries = json!({"retry_policy": {"retry_on": "5xx", "num_retries": 2}});
    let connect = json!({"match": {"connect_matcher": {}}, "route": {"cluster": "echo",
        "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {}}]}});
    vec![
        connect,
        direct("/e/direct", 418),
        redirect,
        to_cluster("/e/refused", "nobody"),
        to_cluster("/e/missing-cluster", "missing"),
        upstream("/e/timeout/", json!({"timeout": "0.2s"})),
        upstream("/e/idle/", json!({"timeout": "0s", "idle_timeout": "0.2s"})),
        upstream("/e/flaky", retries.clone()),
        upstream("/e/retried/", retries),
        limited,
        early,
        buffered,
        upstream("/", json!({})),
    ]
}

fn off(name: &str, config: Value) -> Value {
    json!({"name": name, "typed_config": config, "disabled": true})
}

fn limit(requests: u32) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "limit",
        "token_bucket": {"max_tokens": requests, "fill_interval": "3600s"},
        "filter_enabled": {"default_value": {"numerator": 100}},
        "filter_enforced": {"default_value": {"numerator": 100}},
    })
}

fn buffer() -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
        "max_request_bytes": 1_000_000,
    })
}
