//! An upstream that shows what reached it: every answer's body is the request
//! as JSON. `/status/<code>` answers with that status, `/slow/<ms>` waits.

use crate::http_server::{Answer, HttpServer, Request};
use anyhow::{Context, Result};
use std::time::Duration;

/// A running upstream; takes no more connections when dropped.
pub struct Upstream {
    /// Where it listens.
    pub port: u16,
    _server: HttpServer,
}

impl Upstream {
    /// Starts it on a free port.
    pub fn start() -> Result<Self> {
        let server = HttpServer::start(answer).context("upstream")?;
        Ok(Self {
            port: server.port,
            _server: server,
        })
    }
}

fn answer(request: &Request) -> Answer {
    let number = |prefix: &str| {
        let rest = request.path().strip_prefix(prefix);
        rest.and_then(|rest| rest.parse::<u16>().ok())
    };
    if let Some(millis) = number("/slow/") {
        std::thread::sleep(Duration::from_millis(millis.into()));
    }
    let headers = request.headers.iter().map(|(name, value)| [name, value]);
    let seen = serde_json::json!({
        "method": request.method,
        "path": request.target,
        "headers": headers.collect::<Vec<_>>(),
    });
    Answer {
        headers: &[("server-timing", "app;dur=1")],
        ..Answer::new(number("/status/").unwrap_or(200), seen.to_string())
    }
}
