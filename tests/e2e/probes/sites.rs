//! What is probed: plain HTTP by a server of ours, HTTPS by a real Envoy in front
//! of it, names by name servers.

use crate::certificates::{Certificates, Kind};
use anyhow::Result;
use sightline_tests::envoy::{Envoy, Listener, cluster_config, listener_config, to_cluster};
use sightline_tests::http_server::{Answer, HttpServer, Request};
use sightline_tests::process::free_port;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Longer than any probe waits that is made of it.
const HANGS: Duration = Duration::from_secs(17);

/// All of them, running.
pub struct Sites {
    pub certificates: Certificates,
    port: u16,
    tls_ports: Vec<u16>,
    is_ill: Arc<AtomicBool>,
    _server: HttpServer,
    _envoy: Envoy,
}

impl Sites {
    pub fn start(folder: &Path) -> Result<Self> {
        let is_ill = Arc::new(AtomicBool::new(false));
        let ill = is_ill.clone();
        let server = HttpServer::start(move |request| answer(request, &ill))?;
        let certificates = Certificates::new(folder)?;
        let names = ["good", "soon", "now", "expired", "name", "stranger"];
        let mut listeners = Vec::new();
        let mut tls_ports = Vec::new();
        for (name, kind) in names.into_iter().zip(Kind::ALL) {
            let listener = Listener {
                name,
                port: free_port()?,
                filter: None,
                routes: vec![to_cluster("/", "site")],
            };
            let mut config = listener_config(&listener, folder)?;
            config["filter_chains"][0]["transport_socket"] = certificates.socket(kind)?;
            tls_ports.push(listener.port);
            listeners.push(config);
        }
        let cluster = cluster_config(&("site", server.port));
        let envoy = Envoy::start_with(folder, 1, &listeners, &[cluster])?;
        Ok(Self {
            certificates,
            port: server.port,
            tls_ports,
            is_ill,
            _server: server,
            _envoy: envoy,
        })
    }

    /// An address without TLS.
    pub fn plain(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Where a certificate is served.
    pub fn host(&self, kind: Kind) -> String {
        let place = Kind::ALL.iter().position(|other| *other == kind);
        let port = place.and_then(|place| self.tls_ports.get(place));
        format!("localhost:{}", port.expect("each has a port"))
    }

    /// A page behind a certificate.
    pub fn page(&self, kind: Kind) -> String {
        format!("https://{}/page", self.host(kind))
    }

    /// Has `/health/ready` say 503, or 200 again.
    pub fn set_ill(&self, is_ill: bool) {
        self.is_ill.store(is_ill, Ordering::Relaxed);
    }
}

fn answer(request: &Request, is_ill: &AtomicBool) -> Answer {
    const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];
    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
    let (status, headers, body) = match request.path() {
        "/health/ready" if is_ill.load(Ordering::Relaxed) => {
            (503, JSON, r#"{"status":"not_ready"}"#)
        }
        "/health/ready" => (200, JSON, r#"{"status":"ready"}"#),
        "/page" => (200, HTML, "<!doctype html><title>Shop</title>"),
        "/moved" => (302, &[("location", "/page")][..], ""),
        "/json" => (200, JSON, "{}"),
        "/error" => (500, HTML, "<!doctype html>"),
        _ => {
            std::thread::sleep(HANGS);
            (200, HTML, "late")
        }
    };
    Answer {
        status,
        headers,
        body: body.to_owned(),
    }
}
