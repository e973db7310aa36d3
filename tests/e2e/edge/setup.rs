//! What the edge tests share: a filter's configuration, an Envoy with one
//! listener, and the parts they need.

use serde_json::{Value, json};
use sightline_tests::envoy::{
    Envoy, Listener, access_log_path, cluster_config, direct, filter_log_path, listener_config,
    to_cluster,
};
use sightline_tests::http::{Answer, Client};
use sightline_tests::parts;
use sightline_tests::process::free_port;
use sightline_tests::red::{parse_page, total};
use sightline_tests::upstream::Upstream;
use tempfile::TempDir;

/// Whether Envoy and the filter are there.
pub fn envoy_present() -> bool {
    parts::all_present(&[parts::ENVOY, parts::FILTER])
}

/// A configuration that exports to the cluster `collector`.
pub fn filter() -> Value {
    json!({
        "service": {"name": "edge", "version": "1.2.3"},
        "routes": ["/products/{id}", "/status/{code}", "/slow/{ms}"],
        "metrics": {"path": "/sightline/metrics"},
        "export": {"cluster": "collector", "interval_ms": 200},
    })
}

/// [`filter`] with one more member.
pub fn filter_with(pointer: &str, value: Value) -> Value {
    let mut filter = filter();
    let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    let parent = if parent.is_empty() {
        Some(&mut filter)
    } else {
        filter.pointer_mut(parent)
    };
    parent.expect("the parent exists")[key] = value;
    filter
}

fn to_collector(port: u16) -> Value {
    cluster_config(&("collector", port))
}

/// One listener with the filter in front of an upstream that shows what
/// reached it. Nobody listens where the collector should be.
pub struct Edge {
    pub envoy: Envoy,
    pub port: u16,
    pub client: Client,
    folder: TempDir,
    pub listener: Listener,
    _upstream: Upstream,
}

impl Edge {
    pub fn start(filter: Value, concurrency: u32) -> Self {
        Self::start_with_collector(filter, concurrency, free_port().unwrap())
    }

    pub fn start_with_collector(filter: Value, concurrency: u32, collector: u16) -> Self {
        Self::start_with_cluster(filter, concurrency, to_collector(collector))
    }

    /// With a cluster `collector` as Envoy's configuration has it.
    pub fn start_with_cluster(filter: Value, concurrency: u32, collector: Value) -> Self {
        let routes = vec![
            direct("/direct", 200),
            to_cluster("/refused", "nobody"),
            serde_json::json!({"match": {"prefix": "/timeout/"}, "route": {
                "cluster": "upstream", "timeout": "0.2s", "prefix_rewrite": "/",
            }}),
            to_cluster("/", "upstream"),
        ];
        Self::start_as(filter, concurrency, collector, routes)
    }

    /// With these routes, which may name the clusters `upstream` and `nobody`.
    pub fn start_routed(
        filter: Value,
        concurrency: u32,
        collector: u16,
        routes: Vec<Value>,
    ) -> Self {
        Self::start_as(filter, concurrency, to_collector(collector), routes)
    }

    fn start_as(filter: Value, concurrency: u32, collector: Value, routes: Vec<Value>) -> Self {
        let folder = TempDir::new().unwrap();
        let upstream = Upstream::start().unwrap();
        let nobody = free_port().unwrap();
        let listener = Listener {
            name: "edge",
            port: free_port().unwrap(),
            filter: Some(filter),
            routes,
        };
        let clusters = [
            cluster_config(&("upstream", upstream.port)),
            collector,
            cluster_config(&("nobody", nobody)),
        ];
        let configuration = listener_config(&listener, folder.path()).unwrap();
        let envoy =
            Envoy::start_with(folder.path(), concurrency, &[configuration], &clusters).unwrap();
        Self {
            envoy,
            port: listener.port,
            client: Client::default(),
            folder,
            listener,
            _upstream: upstream,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The filter's own metrics page.
    pub fn page(&self) -> String {
        let answer = self
            .client
            .get(&self.url("/sightline/metrics"), &[])
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// What the filter says of its spans, log records or metric points: produced,
    /// exported, dropped, queued.
    pub fn account(&self, items: &str) -> [f64; 4] {
        let page = parse_page(&self.page()).unwrap();
        [
            "produced_total",
            "exported_total",
            "dropped_total",
            "queued",
        ]
        .map(|name| total(&page, &format!("sightline_edge_{items}_{name}")))
    }

    /// What Envoy itself logged.
    pub fn access_log(&self) -> String {
        let path = access_log_path(self.folder.path(), self.listener.name);
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// The lines that the filter made for the access log.
    pub fn filter_log(&self) -> String {
        let path = filter_log_path(self.folder.path(), self.listener.name);
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// How long the requests to such paths took, as Envoy logged it: whole
    /// milliseconds, of which the middle stands for all.
    pub fn logged_seconds(&self, prefix: &str) -> anyhow::Result<Vec<f64>> {
        let log = access_log_path(self.folder.path(), self.listener.name);
        let mut seconds = Vec::new();
        for line in std::fs::read_to_string(log)?.lines() {
            let entry: Value = serde_json::from_str(line)?;
            let path = entry["path"].as_str().unwrap_or_default();
            if path.starts_with(prefix) {
                let millis = entry["duration_ms"].as_f64().unwrap_or(f64::NAN);
                seconds.push((millis + 0.5) / 1000.0);
            }
        }
        Ok(seconds)
    }

    /// A GET whose answer says what reached the upstream.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Seen {
        Seen::new(self.client.get(&self.url(path), headers).unwrap())
    }
}

/// An answer, and the request as the upstream saw it.
pub struct Seen {
    pub answer: Answer,
    upstream: Value,
}

impl Seen {
    fn new(answer: Answer) -> Self {
        let upstream = answer.json().unwrap();
        Self { answer, upstream }
    }

    /// The same for an answer of HTTP/1.1 as it came.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        Self::new(Answer {
            status: status.expect("a status"),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        })
    }

    /// All values of a request header at the upstream.
    pub fn upstream_all(&self, name: &str) -> Vec<String> {
        let lines = self.upstream["headers"].as_array().unwrap().iter();
        lines
            .filter(|line| line[0] == name)
            .map(|line| line[1].as_str().unwrap().to_owned())
            .collect()
    }

    /// The one value of a request header at the upstream.
    pub fn upstream(&self, name: &str) -> String {
        let mut values = self.upstream_all(name);
        assert_eq!(values.len(), 1, "{name} at the upstream: {values:?}");
        values.remove(0)
    }
}
