//! An upstream that shows what reached it: every answer's body is the request
//! as JSON. `/status/<code>` answers with that status, `/slow/<ms>` waits.

use anyhow::{Result, anyhow};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tiny_http::{Header, Response, Server};

const THREADS: usize = 16;

/// A running upstream; stops when dropped.
pub struct Upstream {
    /// Where it listens.
    pub port: u16,
    server: Arc<Server>,
    threads: Vec<JoinHandle<()>>,
}

impl Upstream {
    /// Starts it on a free port.
    pub fn start() -> Result<Self> {
        let server = Server::http("127.0.0.1:0").map_err(|error| anyhow!("upstream: {error}"))?;
        let server = Arc::new(server);
        let address = server.server_addr().to_ip();
        let port = address
            .ok_or_else(|| anyhow!("upstream without a port"))?
            .port();
        let threads = (0..THREADS)
            .map(|_| {
                let server = Arc::clone(&server);
                std::thread::spawn(move || while server.recv().is_ok_and(answer) {})
            })
            .collect();
        Ok(Self {
            port,
            server,
            threads,
        })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        for _ in &self.threads {
            self.server.unblock();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn answer(request: tiny_http::Request) -> bool {
    let path = request
        .url()
        .split('?')
        .next()
        .unwrap_or_default()
        .to_owned();
    let number = |prefix: &str| {
        path.strip_prefix(prefix)
            .and_then(|rest| rest.parse::<u16>().ok())
    };
    if let Some(millis) = number("/slow/") {
        std::thread::sleep(Duration::from_millis(millis.into()));
    }
    let headers = request.headers().iter();
    let headers: Vec<_> = headers
        .map(|line| {
            [
                line.field.to_string().to_ascii_lowercase(),
                line.value.to_string(),
            ]
        })
        .collect();
    let seen = serde_json::json!({
        "method": request.method().to_string(),
        "path": request.url(),
        "headers": headers,
    });
    let mut response =
        Response::from_string(seen.to_string()).with_status_code(number("/status/").unwrap_or(200));
    if let Ok(header) = Header::from_bytes("server-timing", "app;dur=1") {
        response = response.with_header(header);
    }
    let _ = request.respond(response);
    true
}
