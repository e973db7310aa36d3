//! Requests over a few connections: as fast as they go, or at a fixed rate. At a
//! fixed rate a request is late from when it was due, so that one that waits
//! behind another counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

const CONNECTIONS: usize = 4;

/// Where requests go.
#[derive(Clone, Copy)]
pub struct Load {
    port: u16,
}

impl Load {
    pub fn of(port: u16) -> Self {
        Self { port }
    }

    /// So many requests in all.
    pub fn as_fast_as_it_goes(self, requests: usize) -> Result<()> {
        self.on_each(|connection, _| {
            for number in 0..requests / CONNECTIONS {
                connection.get(number)?;
            }
            Ok(())
        })
        .map(drop)
    }

    /// How long each request took, in seconds, sorted.
    pub fn at_rate(self, per_second: u32, time: Duration) -> Result<Vec<f64>> {
        let between = Duration::from_secs(1) / per_second * CONNECTIONS as u32;
        let start = Instant::now();
        let times = self.on_each(|connection, at| {
            let mut due = start + between / CONNECTIONS as u32 * at as u32;
            let mut times = Vec::new();
            while due < start + time {
                if let Some(early) = due.checked_duration_since(Instant::now()) {
                    std::thread::sleep(early);
                }
                connection.get(times.len())?;
                times.push(due.elapsed().as_secs_f64());
                due += between;
            }
            Ok(times)
        })?;
        let mut times = times.concat();
        times.sort_by(f64::total_cmp);
        Ok(times)
    }

    fn on_each<T: Send>(
        self,
        work: impl Fn(&mut Connection, usize) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let work = &work;
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..CONNECTIONS)
                .map(|at| scope.spawn(move || work(&mut Connection::open(self.port)?, at)))
                .collect();
            all.into_iter()
                .map(|one| {
                    one.join()
                        .map_err(|_| anyhow::anyhow!("a thread panicked"))?
                })
                .collect()
        })
    }
}

/// A connection that is kept open.
pub struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    pub fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            line: String::new(),
            body: Vec::new(),
        })
    }

    fn get(&mut self, number: usize) -> Result<()> {
        self.get_path(&format!("/products/{number}?ref=mail"))
    }

    /// One request, as a browser's looks; its answer is read to its end.
    pub fn get_path(&mut self, path: &str) -> Result<()> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: shop.example\r\n\
             user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36\r\n\
             accept: text/html,application/xhtml+xml\r\naccept-language: en-GB,en;q=0.9\r\n\
             accept-encoding: gzip, br\r\ncookie: session=0123456789abcdef\r\n\r\n"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.line.clear();
        self.stream.read_line(&mut self.line)?;
        ensure!(
            self.line.starts_with("HTTP/1.1 200"),
            "answered {}",
            self.line
        );
        let mut length = None;
        loop {
            self.line.clear();
            ensure!(self.stream.read_line(&mut self.line)? > 0, "closed");
            let Some((name, value)) = self.line.trim_end().split_once(": ") else {
                break;
            };
            if name == "content-length" {
                length = Some(value.parse()?);
            }
        }
        self.body.resize(length.context("no length")?, 0);
        Ok(self.stream.read_exact(&mut self.body)?)
    }
}
