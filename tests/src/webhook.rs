//! What notifications are sent to: keeps every JSON body by path, answers `ok`
//! as Slack does, and can be down for a while.

use crate::process::wait_for;
use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tiny_http::{Response, Server};

/// A running receiver; stops when dropped.
pub struct Webhook {
    /// Where it listens.
    pub port: u16,
    server: Arc<Server>,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
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
        let server = Server::http("127.0.0.1:0").map_err(|error| anyhow!("webhook: {error}"))?;
        let address = server.server_addr().to_ip();
        let port = address.context("webhook without a port")?.port();
        let server = Arc::new(server);
        let state = Arc::new(State::default());
        let thread = {
            let (server, state) = (Arc::clone(&server), Arc::clone(&state));
            std::thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    take(request, &state);
                }
            })
        };
        Ok(Self {
            port,
            server,
            state,
            thread: Some(thread),
        })
    }

    /// The address of one path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
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

impl Drop for Webhook {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn take(mut request: tiny_http::Request, state: &State) {
    if state.down.load(Ordering::SeqCst) {
        state.refused.fetch_add(1, Ordering::SeqCst);
        let _ = request.respond(Response::from_string("down").with_status_code(503));
        return;
    }
    let body = serde_json::from_reader(request.as_reader()).unwrap_or(Value::Null);
    let path = request.url().to_owned();
    let mut received = state
        .received
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    received.push((path, body));
    drop(received);
    let _ = request.respond(Response::from_string("ok"));
}
