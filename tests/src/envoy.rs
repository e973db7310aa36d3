//! A real Envoy with listeners from a file, so that a test can change them
//! while requests run.

use crate::http::{self, Client};
use crate::parts;
use crate::process::{Process, free_port};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Turns labels in the names of the filter's statistics into labels.
const STATS_TAGS: &str = include_str!("../../proxy-filter/stats_tags.yaml");

/// One listener.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its name; also the prefix of its statistics.
    pub name: &'static str,
    /// Where it listens.
    pub port: u16,
    /// Configuration of the filter; none puts no filter in.
    pub filter: Option<Value>,
    /// Routes as Envoy's configuration has them, first match first.
    pub routes: Vec<Value>,
}

/// A route to a cluster.
pub fn to_cluster(prefix: &str, cluster: &str) -> Value {
    json!({"match": {"prefix": prefix}, "route": {"cluster": cluster, "timeout": "30s"}})
}

/// A route that Envoy answers itself.
pub fn direct(prefix: &str, status: u16) -> Value {
    json!({"match": {"prefix": prefix}, "direct_response": {"status": status, "body": {"inline_string": "direct"}}})
}

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: u16,
    folder: PathBuf,
}

impl Envoy {
    /// Starts Envoy with these listeners and clusters (name, port), so many
    /// workers, and its files in `folder`; waits until it serves.
    pub fn start(
        folder: &Path,
        concurrency: u32,
        listeners: &[Listener],
        clusters: &[(&str, u16)],
    ) -> Result<Self> {
        let clusters: Vec<_> = clusters.iter().map(cluster_config).collect();
        Self::start_with(
            folder,
            concurrency,
            &listener_configs(listeners, folder)?,
            &clusters,
        )
    }

    /// The same with listeners and clusters as Envoy's configuration has them;
    /// [`listener_config`] and [`cluster_config`] make some to start from.
    pub fn start_with(
        folder: &Path,
        concurrency: u32,
        listeners: &[Value],
        clusters: &[Value],
    ) -> Result<Self> {
        write_listeners(folder, listeners)?;
        let dynamic = json!({"lds_config": {"resource_api_version": "V3", "path_config_source": {
            "path": folder.join("listeners.json"),
            "watched_directory": {"path": folder},
        }}});
        let mut envoy = Self::spawn(folder, concurrency, clusters, |bootstrap| {
            bootstrap["dynamic_resources"] = dynamic;
        })?;
        let ready = format!("http://127.0.0.1:{}/ready", envoy.admin);
        envoy
            .process
            .wait_ready(|| http::is_ok(&ready).then_some(()))?;
        let refused = envoy.counter("listener_manager.lds.update_rejected")?;
        ensure!(refused == 0, "listeners refused:\n{}", envoy.output());
        Ok(envoy)
    }

    /// Starts Envoy with one listener that cannot change and does not wait:
    /// for a configuration that it should refuse.
    pub fn spawn_static(
        folder: &Path,
        listener: &Listener,
        clusters: &[(&str, u16)],
    ) -> Result<Self> {
        let listener = listener_config(listener, folder)?;
        let clusters: Vec<_> = clusters.iter().map(cluster_config).collect();
        Self::spawn(folder, 1, &clusters, |bootstrap| {
            bootstrap["static_resources"]["listeners"] = json!([listener]);
        })
    }

    fn spawn(
        folder: &Path,
        concurrency: u32,
        clusters: &[Value],
        add_listeners: impl FnOnce(&mut Value),
    ) -> Result<Self> {
        let admin = free_port()?;
        let mut bootstrap = bootstrap_config(admin, clusters);
        add_listeners(&mut bootstrap);
        let file = folder.join("envoy.json");
        std::fs::write(&file, bootstrap.to_string())?;
        let process = run(&file, concurrency, &folder.join("envoy.log"))?;
        let folder = folder.to_owned();
        Ok(Self {
            process,
            admin,
            folder,
        })
    }

    /// Waits until it has ended, and gives its exit code and output.
    pub fn wait_end(&mut self) -> Result<(i32, String)> {
        let what = "Envoy's end";
        let limit = crate::process::START_LIMIT;
        let code = crate::process::wait_for(what, limit, || Ok(self.process.exit_code()))?;
        Ok((code, self.process.output()))
    }

    /// Replaces all listeners and waits until Envoy has taken or refused them.
    /// Gives the reason where it refused.
    pub fn update(&self, listeners: &[Listener]) -> Result<Option<String>> {
        self.update_with(&listener_configs(listeners, &self.folder)?)
    }

    /// The same with listeners as Envoy's configuration has them.
    pub fn update_with(&self, listeners: &[Value]) -> Result<Option<String>> {
        let taken = self.counter("listener_manager.lds.update_success")?;
        let refused = self.counter("listener_manager.lds.update_rejected")?;
        write_listeners(&self.folder, listeners)?;
        crate::process::wait_for("the listener update", crate::process::START_LIMIT, || {
            let done = self.counter("listener_manager.lds.update_success")? > taken
                || self.counter("listener_manager.lds.update_rejected")? > refused;
            Ok(done.then_some(()))
        })?;
        if self.counter("listener_manager.lds.update_rejected")? == refused {
            return Ok(None);
        }
        let dump = self.admin("/config_dump?resource=dynamic_listeners")?;
        Ok(Some(dump))
    }

    /// A counter or gauge of Envoy's own; 0 where it does not exist yet.
    pub fn counter(&self, name: &str) -> Result<u64> {
        let text = self.admin(&format!("/stats?filter=^{}$", name.replace('.', "\\.")))?;
        let value = text.trim().rsplit(": ").next().unwrap_or_default();
        Ok(value.parse().unwrap_or_default())
    }

    /// A page of the admin interface.
    pub fn admin(&self, path: &str) -> Result<String> {
        let url = format!("http://127.0.0.1:{}{path}", self.admin);
        Ok(Client::default().get(&url, &[])?.body)
    }

    /// Has the admin interface do something.
    pub fn post(&self, path: &str) -> Result<String> {
        let url = format!("http://127.0.0.1:{}{path}", self.admin);
        Ok(Client::default().send("POST", &url, &[], &[])?.body)
    }

    /// Everything it has logged.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

/// Runs Envoy with a bootstrap file.
pub fn run(bootstrap: &Path, concurrency: u32, log: &Path) -> Result<Process> {
    let mut command = Command::new(parts::require(parts::ENVOY)?);
    command.arg("-c").arg(bootstrap);
    command.args(["--concurrency", &concurrency.to_string()]);
    command.args(["--config-yaml", STATS_TAGS]);
    command.args(["--use-dynamic-base-id", "--file-flush-interval-msec", "100"]);
    command.args([
        "--drain-time-s",
        "2",
        "--log-level",
        "warning",
        "--component-log-level",
        "wasm:info",
    ]);
    Process::start("envoy", &mut command, log)
}

fn bootstrap_config(admin: u16, clusters: &[Value]) -> Value {
    json!({
        "admin": {"address": address(admin)},
        "node": {"id": "test", "cluster": "test"},
        "static_resources": {"clusters": clusters},
    })
}

/// A cluster of one endpoint on loopback.
pub fn cluster_config((name, port): &(&str, u16)) -> Value {
    json!({
        "name": name, "type": "STATIC", "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [
            {"endpoint": {"address": address(*port)}}
        ]}]}
    })
}

fn listener_configs(listeners: &[Listener], folder: &Path) -> Result<Vec<Value>> {
    let configs = listeners.iter();
    configs
        .map(|listener| listener_config(listener, folder))
        .collect()
}

fn write_listeners(folder: &Path, listeners: &[Value]) -> Result<()> {
    let mut resources = listeners.to_vec();
    for resource in &mut resources {
        resource["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
    }
    // Envoy watches for a rename into place.
    let next = folder.join("listeners.next");
    std::fs::write(&next, json!({"resources": resources}).to_string())?;
    std::fs::rename(next, folder.join("listeners.json")).context("put the listeners in place")
}

/// The HTTP connection manager of a listener's configuration.
pub fn connection_manager(listener: &mut Value) -> &mut Value {
    &mut listener["filter_chains"][0]["filters"][0]["typed_config"]
}

/// A listener as Envoy's configuration has it, its access log in `folder`.
pub fn listener_config(listener: &Listener, folder: &Path) -> Result<Value> {
    let wasm = parts::require(parts::FILTER)?;
    let mut filters = Vec::new();
    if let Some(configuration) = &listener.filter {
        filters.push(json!({"name": "sightline", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": listener.name,
                "fail_open": false,
                "vm_config": {
                    "vm_id": "sightline",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": wasm}},
                },
                "configuration": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": configuration},
            },
        }}));
    }
    filters.push(
        json!({"name": "envoy.filters.http.router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
        }}),
    );
    let access_log = json!({"name": "envoy.access_loggers.file", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": access_log_path(folder, listener.name),
        "log_format": {"json_format": {
            "method": "%REQ(:METHOD)%", "path": "%REQ(:PATH)%", "status": "%RESPONSE_CODE%",
            "request_id": "%REQ(X-REQUEST-ID)%", "flags": "%RESPONSE_FLAGS%",
            "duration_ms": "%DURATION%",
        }},
    }});
    let filter_log = filter_log(&filter_log_path(folder, listener.name));
    Ok(json!({
        "name": listener.name,
        "address": address(listener.port),
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": listener.name,
            "generate_request_id": false,
            "access_log": [access_log, filter_log],
            "http_filters": filters,
            "route_config": {"name": listener.name, "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": listener.routes}
            ]},
        }}]}],
    }))
}

/// An access log of what the filter gives for it, which brings its line ends.
pub fn filter_log(path: &Path) -> Value {
    json!({"name": "envoy.access_loggers.file", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": path,
        "log_format": {
            "text_format_source": {"inline_string": "%FILTER_STATE(wasm.sightline_log:PLAIN)%"},
            "omit_empty_values": true,
        },
    }})
}

/// Where a listener writes its access log: a line of JSON for each request.
pub fn access_log_path(folder: &Path, listener: &str) -> PathBuf {
    folder.join(format!("access-{listener}.jsonl"))
}

/// Where the lines go that the filter makes for the access log.
pub fn filter_log_path(folder: &Path, listener: &str) -> PathBuf {
    folder.join(format!("filter-{listener}.jsonl"))
}

fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}
