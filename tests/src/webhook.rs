//! What notifications are sent to: keeps every JSON body by path, answers `ok`
//! as Slack does, and can be down for a while. Each connection has its own thread
//! and one request: a server with a pool of threads leaves new connections
//! waiting while old ones are kept open, as Alertmanager does.

use crate::connections::Connections;
use crate::process::wait_for;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a request may take to come in.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// A running receiver; stops when dropped.
pub struct Webhook {
    state: Arc<State>,
    connections: Connections,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<(String, Value)>>,
    down: AtomicBool,
    refused: AtomicU64,
}

impl Webhook {
    /// Starts it on a free port.
    pub fn start() -> Result<Self> {
        let state = Arc::new(State::default());
        let of_connections = Arc::clone(&state);
        let connections = Connections::serve(move |stream| take(stream, &of_connections));
        Ok(Self {
            state,
            connections: connections.context("webhook")?,
        })
    }

    /// The address of one path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.connections.port)
    }

    /// Whether it answers 503 from now on.
    pub fn set_down(&self, down: bool) {
        self.state.down.store(down, Ordering::SeqCst);
    }

    /// How many notifications it has refused while it was down.
    pub fn refused(&self) -> u64 {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// What has come to a path so far, oldest first.
    pub fn received(&self, path: &str) -> Vec<Value> {
        let received = self.state.received.lock();
        let received = received.unwrap_or_else(PoisonError::into_inner);
        let of_path = received.iter().filter(|(at, _)| at == path);
        of_path.map(|(_, body)| body.clone()).collect()
    }

    /// The first notification at a path that fits.
    pub fn wait_for(
        &self,
        path: &str,
        limit: Duration,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let found = wait_for(&format!("a notification at {path}"), limit, || {
            Ok(self.received(path).into_iter().find(|body| fits(body)))
        });
        found.with_context(|| format!("what came: {:?}", self.received(path)))
    }
}

fn take(stream: TcpStream, state: &State) -> Result<()> {
    stream.set_read_timeout(Some(READ_LIMIT))?;
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).context("no path")?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        ensure!(reader.read_line(&mut line)? > 0, "the headers do not end");
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, text) = if state.down.load(Ordering::SeqCst) {
        state.refused.fetch_add(1, Ordering::SeqCst);
        ("503 Service Unavailable", "down")
    } else {
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let received = state.received.lock();
        let mut received = received.unwrap_or_else(PoisonError::into_inner);
        received.push((path, body));
        ("200 OK", "ok")
    };
    write!(
        &stream,
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         content-length: {}\r\n\r\n{text}",
        text.len()
    )?;
    Ok(())
}
