//! HTTP as the tests speak it: a client that takes every status as an answer,
//! a load generator that keeps its own count, and raw bytes for what no
//! well-behaved client sends.

use anyhow::{Context, Result};
use sightline_core::redact;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use ureq::http::HeaderValue;

const LIMIT: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header lines in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The first header line of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.headers.iter().find(|(key, _)| key == name);
        line.map(|(_, value)| value.as_str())
    }

    /// All header lines of that name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.headers.iter().filter(|(key, _)| key == name);
        lines.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.body).with_context(|| format!("no JSON: {:.200}", self.body))
    }
}

/// A client that reuses its connections and follows no redirect.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    authorization: Option<HeaderValue>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            agent: agent(LIMIT),
            authorization: None,
        }
    }
}

impl Client {
    /// The same with so much time for a request, from its name's look-up to its last byte.
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.agent = agent(limit);
        self
    }

    /// The same with a bearer token in every request.
    pub fn with_token(mut self, token: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .context("a token is one line of printable characters")?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// Sends a request with any method.
    pub fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let answer = if body.is_empty() {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.body(body)?)
        };
        let place = || format!("{method} {}", redact::url(url));
        let mut answer = answer.with_context(place)?;
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.body_mut().read_to_string().with_context(place)?,
        })
    }

    /// A GET.
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        self.send("GET", url, headers, &[])
    }
}

fn agent(limit: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(limit))
        .build();
    config.into()
}

/// Whether a GET is answered with 200.
pub fn is_ok(url: &str) -> bool {
    Client::default()
        .get(url, &[])
        .is_ok_and(|answer| answer.status == 200)
}

/// One kind of request that the load generator sends.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
}

/// Sends each kind `rounds` times over `connections` connections at once, and
/// counts the answers by method, path and status.
pub fn load(
    base: &str,
    kinds: &[Kind],
    rounds: usize,
    connections: usize,
) -> Result<BTreeMap<(String, String, u16), u64>> {
    let one = |share: usize| -> Result<BTreeMap<_, u64>> {
        let client = Client::default();
        let mut counts = BTreeMap::new();
        for _ in 0..share {
            for kind in kinds {
                let answer = client.send(kind.method, &format!("{base}{}", kind.path), &[], &[])?;
                let key = (kind.method.to_owned(), kind.path.to_owned(), answer.status);
                *counts.entry(key).or_default() += 1;
            }
        }
        Ok(counts)
    };
    let one = &one;
    std::thread::scope(|scope| {
        let share = |at: usize| rounds / connections + usize::from(at < rounds % connections);
        let workers: Vec<_> = (0..connections)
            .map(|at| scope.spawn(move || one(share(at))))
            .collect();
        let mut total = BTreeMap::new();
        for worker in workers {
            let counts = worker
                .join()
                .map_err(|_| anyhow::anyhow!("a load thread panicked"))??;
            for (key, count) in counts {
                *total.entry(key).or_default() += count;
            }
        }
        Ok(total)
    })
}

/// Sends bytes as they are and returns what comes back until the peer closes.
pub fn raw(port: u16, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Sends a GET for each path over one connection and counts the answers with
/// 200. For paths that Envoy answers itself, without a body.
pub fn get_all(port: u16, paths: impl IntoIterator<Item = String>) -> Result<u64> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut answered = 0;
    for path in paths {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes)?;
            anyhow::ensure!(read > 0, "the connection was closed");
            answer.extend_from_slice(bytes.get(..read).unwrap_or_default());
        }
        answered += u64::from(answer.starts_with(b"HTTP/1.1 200 "));
    }
    Ok(answered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::Connections;
    use crate::http_server::{self, HttpServer};
    use std::time::Instant;

    #[test]
    fn a_password_in_an_address_is_not_told() {
        let error = Client::default().get("http://ann:hush@127.0.0.1:1/a?b=c", &[]);
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("127.0.0.1:1/a"), "{error}");
        assert!(!error.contains("hush"), "{error}");
        let client = Client::default().with_token("hush").unwrap();
        assert!(!format!("{client:?}").contains("hush"));
        assert!(Client::default().with_token("a\nb").is_err());
    }

    #[test]
    fn a_body_that_is_too_big_is_an_error() {
        let body = || http_server::Answer::new(200, " ".repeat(11 << 20));
        let server = HttpServer::start(move |_| body()).unwrap();
        let url = format!("http://127.0.0.1:{}/", server.port);
        assert!(Client::default().get(&url, &[]).is_err());
    }

    #[test]
    fn a_request_takes_no_longer_than_its_limit() {
        // Read until the client goes, and never answered.
        let silent = |mut stream: TcpStream| {
            stream.read_to_end(&mut Vec::new())?;
            Ok(())
        };
        let server = Connections::serve(silent).unwrap();
        let url = format!("http://127.0.0.1:{}/", server.port);
        let client = Client::default().with_limit(Duration::from_millis(50));
        let begun = Instant::now();
        let error = format!("{:#}", client.get(&url, &[]).unwrap_err());
        assert!(error.contains("timeout"), "{error}");
        assert!(begun.elapsed() < LIMIT);
    }

    #[test]
    fn https_is_spoken() {
        // In plain text: what answers is no peer of TLS.
        let answer = b"HTTP/1.1 400 X\r\n\r\n";
        let server = Connections::serve(|mut stream| Ok(stream.write_all(answer)?)).unwrap();
        let url = format!("https://127.0.0.1:{}/", server.port);
        let error = format!("{:#}", Client::default().get(&url, &[]).unwrap_err());
        assert!(
            error.contains("rustls") || error.contains("InvalidContentType"),
            "{error}"
        );
    }
}
