//! A client at an address of its own on one connection: what it sends is
//! written byte by byte, so that it can say one thing and do another.

use anyhow::{Context, Result, ensure};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use sightline_tests::http::Answer;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// A client with one connection at a time.
pub struct Client {
    reader: BufReader<TcpStream>,
    host: u8,
    port: u16,
    /// The peer said that it closes.
    is_over: bool,
}

impl Client {
    /// Connects from 127.0.0.`host` to a loopback port.
    pub fn at(host: u8, port: u16) -> Result<Self> {
        Ok(Self {
            reader: Self::connect(host, port)?,
            host,
            port,
            is_over: false,
        })
    }

    fn connect(host: u8, port: u16) -> Result<BufReader<TcpStream>> {
        let kind = (AddressFamily::Inet, SockType::Stream);
        let fd = socket(kind.0, kind.1, SockFlag::SOCK_CLOEXEC, None)?;
        bind(fd.as_raw_fd(), &SockaddrIn::new(127, 0, 0, host, 0))?;
        connect(fd.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, port))?;
        let stream = TcpStream::from(fd);
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }

    /// What to write to, while somebody else reads.
    pub fn writer(&self) -> Result<TcpStream> {
        Ok(self.reader.get_ref().try_clone()?)
    }

    /// Sends the lines of a head, on a new connection where the last was closed.
    pub fn head(&mut self, lines: &[&str]) -> Result<()> {
        if self.is_over {
            *self = Self::at(self.host, self.port)?;
        }
        let head = [&lines.join("\r\n"), "\r\n\r\n"].concat();
        Ok(self.reader.get_mut().write_all(head.as_bytes())?)
    }

    /// Sends a request and reads its answer.
    pub fn send(&mut self, lines: &[&str], body: &[u8]) -> Result<Answer> {
        self.head(lines)?;
        self.reader.get_mut().write_all(body)?;
        self.answer()
    }

    /// Sends a head and then parts of a body until the peer takes no more,
    /// while its answer is read.
    pub fn pour(&mut self, lines: &[&str], part: &[u8], parts: usize) -> Result<Answer> {
        self.head(lines)?;
        let mut writer = self.writer()?;
        std::thread::scope(|scope| {
            scope.spawn(move || (0..parts).all(|_| writer.write_all(part).is_ok()));
            self.answer()
        })
    }

    /// Reads an answer; those of 1xx are none.
    pub fn answer(&mut self) -> Result<Answer> {
        loop {
            let answer = self.next_answer()?;
            self.is_over = answer.header("connection") == Some("close");
            if answer.status >= 200 {
                return Ok(answer);
            }
        }
    }

    fn next_answer(&mut self) -> Result<Answer> {
        let line = self.line()?;
        let status = line.split(' ').nth(1).context("no status")?.parse()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: String::new(),
        };
        let mut length = 0;
        if let Some(told) = answer.header("content-length") {
            length = told.parse()?;
        } else if answer.header("transfer-encoding").is_some() {
            length = usize::from_str_radix(&self.line()?, 16)?;
        }
        while length > 0 {
            let mut part = vec![0; length];
            self.reader.read_exact(&mut part)?;
            answer.body += &String::from_utf8_lossy(&part);
            length = 0;
            if answer.header("transfer-encoding").is_some() {
                self.line()?;
                length = usize::from_str_radix(&self.line()?, 16)?;
                if length == 0 {
                    self.line()?;
                }
            }
        }
        Ok(answer)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the connection was closed");
        Ok(line.trim_end().to_owned())
    }
}
