//! What notifications are sent to: keeps every JSON body by path, answers `ok`
//! as Slack does, and can be down for a while.

use crate::http_server::{Answer, HttpServer, Request};
use crate::process::wait_for;
use anyhow::{Context, Result};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A running receiver; stops when dropped.
pub struct Webhook {
    state: Arc<State>,
    server: HttpServer,
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
        let of_server = Arc::clone(&state);
        let server = HttpServer::start(move |request| of_server.take(request));
        Ok(Self {
            state,
            server: server.context("webhook")?,
        })
    }

    /// The address of one path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.server.port)
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

impl State {
    fn take(&self, request: &Request) -> Answer {
        if self.down.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Answer::new(503, "down");
        }
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let received = self.received.lock();
        let mut received = received.unwrap_or_else(PoisonError::into_inner);
        received.push((request.target.clone(), body));
        Answer::new(200, "ok")
    }
}
