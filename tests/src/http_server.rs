//! A server of HTTP/1.1 that gives each connection a thread: with a pool of them
//! new connections wait while old ones are kept open, as Envoy and Alertmanager
//! do.

use crate::connections::Connections;
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Read, Write};

/// A running server; takes no more connections when dropped.
#[derive(Debug)]
pub struct HttpServer {
    /// Where it listens.
    pub port: u16,
    _connections: Connections,
}

impl HttpServer {
    /// Starts it on a free port.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Result<Self> {
        let connections = Connections::serve(move |stream| {
            stream.set_nodelay(true)?;
            let mut reader = BufReader::new(&stream);
            while let Some(request) = Request::read(&mut reader)? {
                answer(&request).write(&stream, &request.method)?;
            }
            Ok(())
        })?;
        Ok(Self {
            port: connections.port,
            _connections: connections,
        })
    }
}

/// A request, read to its end.
#[derive(Debug)]
pub struct Request {
    /// As it came.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Without the framing of chunks.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Debug)]
pub struct Answer {
    /// The status, 200 or above.
    pub status: u16,
    /// Beside those of the framing.
    pub headers: &'static [(&'static str, &'static str)],
    /// What it says, where status and method let it.
    pub body: String,
}

impl Request {
    /// The next one, if the peer sends another.
    pub fn read(reader: &mut impl BufRead) -> Result<Option<Self>> {
        let line = line(reader)?;
        if line.is_empty() {
            return Ok(None);
        }
        let mut words = line.split(' ');
        let method = words.next().context("no method")?.to_owned();
        let target = words.next().context("no target")?.to_owned();
        let headers = headers(reader)?;
        let body = body(reader, &headers)?;
        Ok(Some(Self {
            method,
            target,
            headers,
            body,
        }))
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        let end = self.target.find('?').unwrap_or(self.target.len());
        &self.target[..end]
    }
}

impl Answer {
    /// An answer without headers of its own.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: &[],
            body: body.into(),
        }
    }

    fn write(&self, mut stream: impl Write, method: &str) -> Result<()> {
        let has_body = !matches!(self.status, 204 | 304);
        let mut text = format!("HTTP/1.1 {} X\r\n", self.status);
        for (name, value) in self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if has_body {
            text += &format!("content-length: {}\r\n", self.body.len());
        }
        text += "\r\n";
        if has_body && method != "HEAD" {
            text += &self.body;
        }
        Ok(stream.write_all(text.as_bytes())?)
    }
}

fn headers(reader: &mut impl BufRead) -> Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        ensure!(!line.is_empty(), "the headers break off");
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok(headers);
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn body(reader: &mut impl BufRead, headers: &[(String, String)]) -> Result<Vec<u8>> {
    let header = |name: &str| headers.iter().find(|(of, _)| of == name);
    let mut body = Vec::new();
    if header("transfer-encoding").is_some() {
        loop {
            let length = u64::from_str_radix(line(reader)?.trim_end(), 16)?;
            if length == 0 {
                break;
            }
            take(reader, length, &mut body)?;
            line(reader)?;
        }
        // Trailers, and the empty line that ends them.
        self::headers(reader)?;
    } else if let Some((_, length)) = header("content-length") {
        take(reader, length.parse()?, &mut body)?;
    }
    Ok(body)
}

fn take(reader: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> Result<()> {
    let taken = reader.take(length).read_to_end(body)?;
    ensure!(taken as u64 == length, "the body breaks off");
    Ok(())
}

/// A line with its end; empty where the peer has ended.
fn line(reader: &mut impl BufRead) -> Result<String> {
    let mut bytes = Vec::new();
    reader.read_until(b'\n', &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_to_its_end() {
        let mut bytes: &[u8] =
            b"POST /a?b=1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";
        let first = Request::read(&mut bytes).unwrap().unwrap();
        assert_eq!((first.method.as_str(), first.path()), ("POST", "/a"));
        assert_eq!(first.target, "/a?b=1");
        assert_eq!(first.headers, [("content-length".into(), "3".into())]);
        assert_eq!(first.body, b"abc");
        assert_eq!(Request::read(&mut bytes).unwrap().unwrap().target, "/");
    }

    #[test]
    fn a_chunked_body_is_put_together_and_a_broken_one_is_an_error() {
        let mut bytes: &[u8] = b"PUT /c HTTP/1.1\r\ntransfer-encoding: chunked\r\nx: \xff\r\n\r\n\
            2\r\nde\r\n1\r\nf\r\n0\r\nt: 1\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        let chunked = Request::read(&mut bytes).unwrap().unwrap();
        assert_eq!(chunked.body, b"def");
        assert_eq!(Request::read(&mut bytes).unwrap().unwrap().method, "GET");
        assert!(Request::read(&mut bytes).unwrap().is_none());
        for broken in [
            "GET / HTTP/1.1\r\na: b\r\n",
            "P / X\r\ncontent-length: 2\r\n\r\na",
        ] {
            assert!(Request::read(&mut broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn an_answer_has_a_body_where_it_may() {
        let written = |method, status| {
            let mut bytes = Vec::new();
            let answer = Answer {
                headers: &[("a", "b")],
                ..Answer::new(status, "hi")
            };
            answer.write(&mut bytes, method).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let head = "HTTP/1.1 200 X\r\na: b\r\ncontent-length: 2\r\n\r\n";
        assert_eq!(written("GET", 200), format!("{head}hi"));
        assert_eq!(written("HEAD", 200), head);
        assert_eq!(written("GET", 204), "HTTP/1.1 204 X\r\na: b\r\n\r\n");
    }
}
