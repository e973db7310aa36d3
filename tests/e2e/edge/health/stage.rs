//! An Envoy with a dependency whose health the test decides, and connections
//! that stay with one of its workers.

use crate::setup::filter_with;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sightline_tests::envoy::{self, Envoy, Listener, direct, filter_log_path, to_cluster};
use sightline_tests::http::{Answer, Client};
use sightline_tests::http_server::{self, HttpServer};
use sightline_tests::process::{free_port, wait_for};
use sightline_tests::upstream::Upstream;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tempfile::TempDir;

pub const LIMIT: Duration = Duration::from_secs(30);
/// What Envoy itself answers where the filter is bypassed.
pub const BYPASSED: &str = "direct";

/// The status that the dependency answers; below 100 it takes that many seconds.
#[derive(Clone)]
pub struct Mood(Arc<AtomicU16>);

impl Mood {
    pub fn set(&self, status: u16) {
        self.0.store(status, Ordering::SeqCst);
    }
}

pub struct Stage {
    pub envoy: Envoy,
    pub port: u16,
    /// Of the cluster `nobody`, where nobody listens.
    pub nobody: u16,
    pub mood: Mood,
    listener: Value,
    folder: TempDir,
    client: Client,
    _servers: (Upstream, HttpServer),
}

impl Stage {
    /// With this `health` section, so many workers, and more to change in the
    /// listener's configuration.
    pub fn start(health: Value, concurrency: u32, mood: u16, change: impl Fn(&mut Value)) -> Self {
        let folder = TempDir::new().unwrap();
        let mood = Mood(Arc::new(AtomicU16::new(mood)));
        let of_server = mood.clone();
        let dependency = HttpServer::start(move |request| {
            let status = of_server.0.load(Ordering::SeqCst);
            if status < 100 {
                std::thread::sleep(Duration::from_secs(status.into()));
            }
            // It shall leave no trace: its context is not sampled.
            let mut headers = request.headers.iter();
            let is_unsampled = headers.any(|(name, value)| {
                name == "traceparent" && value.len() == 55 && value.ends_with("-02")
            });
            let is_get = request.method == "GET" && request.target == "/up";
            let is_right = is_get && is_unsampled;
            http_server::Answer::new(if is_right { status.max(200) } else { 418 }, "")
        });
        let (upstream, dependency) = (Upstream::start().unwrap(), dependency.unwrap());
        let mut filter = filter_with("/health", health);
        filter["logs"] = json!({"access": "envoy"});
        let listener = Listener {
            name: "edge",
            port: free_port().unwrap(),
            filter: Some(filter),
            routes: vec![
                // Where the filter is bypassed the proxy is not well.
                json!({"match": {"prefix": "/health", "headers": [
                    {"name": ":method", "string_match": {"exact": "GET"}}
                ]}, "direct_response": direct("/", 503)["direct_response"]}),
                to_cluster("/", "upstream"),
            ],
        };
        let mut config = envoy::listener_config(&listener, folder.path()).unwrap();
        change(&mut config);
        let nobody = free_port().unwrap();
        let clusters = [
            ("upstream", upstream.port),
            ("dependency", dependency.port),
            ("collector", free_port().unwrap()),
            ("nobody", nobody),
        ];
        let clusters = clusters.each_ref().map(envoy::cluster_config);
        let listeners = std::slice::from_ref(&config);
        let envoy = Envoy::start_with(folder.path(), concurrency, listeners, &clusters).unwrap();
        Self {
            envoy,
            port: listener.port,
            nobody,
            mood,
            listener: config,
            folder,
            client: Client::default(),
            _servers: (upstream, dependency),
        }
    }

    pub fn send(&self, method: &str, path: &str) -> Answer {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        self.client.send(method, &url, &[], b"").unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path)
    }

    /// Waits until this is what a path answers.
    pub fn wait(&self, path: &str, status: u16, body: &str) {
        let what = format!("{path} to answer {body}");
        wait_for(&what, LIMIT, || {
            let answer = self.get(path);
            let got = (answer.status, answer.body.trim_end());
            ensure!(got == (status, body), "{got:?}");
            Ok(Some(()))
        })
        .unwrap();
    }

    /// Replaces the listener by one that was changed.
    pub fn reload(&self, change: impl Fn(&mut Value)) {
        let mut listener = self.listener.clone();
        change(&mut listener);
        assert_eq!(self.envoy.update_with(&[listener]).unwrap(), None);
    }

    /// The lines that the filter made for the access log.
    pub fn filter_log(&self) -> String {
        let path = filter_log_path(self.folder.path(), "edge");
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// How many connections each worker has had.
    fn connections(&self) -> Vec<String> {
        let stats = self
            .envoy
            .admin("/stats?filter=worker_.*downstream_cx_total");
        let listener = format!("listener.127.0.0.1_{}.", self.port);
        let stats = stats.unwrap();
        let lines = stats.lines().filter(|line| line.starts_with(&listener));
        lines.map(str::to_owned).collect()
    }

    /// A new connection, and the worker that has it.
    pub fn connect(&self) -> (Connection, String) {
        let before = self.connections();
        let mut connection = Connection::open(self.port).unwrap();
        // A worker counts it before it answers.
        connection.get("/health/live").unwrap();
        let after = self.connections();
        let mut changed = after.iter().filter(|line| !before.contains(line));
        let line = changed.next().expect("a worker has it");
        let worker = line.split(": ").next().unwrap().to_owned();
        assert_eq!(changed.next(), None, "nobody else connects");
        (connection, worker)
    }

    /// A new connection that a worker has of which this is true.
    pub fn connect_where(&self, is_wanted: impl Fn(&str) -> bool) -> Connection {
        for _ in 0..500 {
            let (connection, worker) = self.connect();
            if is_wanted(&worker) {
                return connection;
            }
        }
        panic!("no connection came to the worker");
    }
}

/// A connection that is kept.
pub struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    /// A GET: status and body.
    pub fn get(&mut self, path: &str) -> Result<(u16, String)> {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"))
    }

    /// Sends these bytes; status and body of the answer.
    pub fn send(&mut self, request: &str) -> Result<(u16, String)> {
        self.reader.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).context("no answer")?.parse()?;
        let mut length = 0;
        while line.trim_end() != "" {
            line.clear();
            self.reader.read_line(&mut line)?;
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim_end().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        Ok((status, String::from_utf8(body)?))
    }
}
