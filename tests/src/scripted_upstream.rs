//! An upstream whose answers end as the last segment of the path says: in a
//! reset, in silence, in trailers, never. It speaks HTTP/1.1 byte by byte, so that it can do what a
//! server's library would not.

use crate::connections::Connections;
use crate::http_server::Request;
use anyhow::Result;
use nix::sys::socket::{setsockopt, sockopt::Linger};
use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A running upstream; takes no more connections when dropped.
#[derive(Debug)]
pub struct ScriptedUpstream {
    /// Where it listens.
    pub port: u16,
    _connections: Connections,
}

/// How many requests each path has had.
type Seen = Arc<Mutex<HashMap<String, u64>>>;

/// Whether the connection serves another request.
type More = Result<bool>;

impl ScriptedUpstream {
    /// Starts it on a free port.
    pub fn start() -> Result<Self> {
        let seen = Seen::default();
        Self::listen(move |stream| serve(stream, &seen))
    }

    /// Starts one that gives back every byte, and speaks no HTTP.
    pub fn start_echo() -> Result<Self> {
        Self::listen(|stream| {
            let reader = BufReader::new(stream.try_clone()?);
            echo(stream, reader)
        })
    }

    fn listen(serve: impl Fn(TcpStream) -> Result<()> + Send + Sync + 'static) -> Result<Self> {
        let connections = Connections::serve(serve)?;
        Ok(Self {
            port: connections.port,
            _connections: connections,
        })
    }
}

/// Closes a connection by a reset instead of an end.
pub fn reset(stream: TcpStream) -> Result<()> {
    let linger = nix::libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    Ok(setsockopt(&stream, Linger, &linger)?)
}

fn serve(stream: TcpStream, seen: &Seen) -> Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = Request::read(&mut reader)? {
        let count = {
            let mut seen = seen
                .lock()
                .map_err(|_| anyhow::anyhow!("a thread panicked"))?;
            let count = seen.entry(request.path().to_owned()).or_default();
            *count += 1;
            *count
        };
        match request.path().rsplit('/').next().unwrap_or_default() {
            "upgrade" => {
                (&stream).write_all(
                    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
                )?;
                return echo(stream, reader);
            }
            "reset-before" => return reset(stream),
            last => {
                if !answer(&stream, last, count)? {
                    return reset_if(stream, last == "reset-mid");
                }
            }
        }
    }
    Ok(())
}

fn reset_if(stream: TcpStream, is_reset: bool) -> Result<()> {
    if is_reset { reset(stream) } else { Ok(()) }
}

fn answer(mut stream: &TcpStream, how: &str, count: u64) -> More {
    let mut say = |text: &str| stream.write_all(text.as_bytes());
    let (name, number) = how.split_once('-').unwrap_or((how, ""));
    match name {
        // The peer closes first.
        "never" => {
            let _ = stream.read(&mut [0])?;
            return Ok(false);
        }
        "drip" => {
            say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            loop {
                say("5\r\nhello\r\n")?;
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        "reset" | "short" => {
            say("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this")?;
            return Ok(false);
        }
        "garbage" => say("this is no answer\r\n\r\n")?,
        "trailers" => say(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
             5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n",
        )?,
        "grpc" => say(&format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n\
             5\r\n\0\0\0\0\0\r\n0\r\ngrpc-status: {number}\r\n\r\n"
        ))?,
        "flaky" if count % 2 == 1 => {
            say("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")?
        }
        "slow" => {
            std::thread::sleep(Duration::from_millis(number.parse()?));
            say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?;
        }
        "status" => match number {
            "204" | "304" => say(&format!("HTTP/1.1 {number} X\r\n\r\n"))?,
            _ => say(&format!("HTTP/1.1 {number} X\r\ncontent-length: 0\r\n\r\n"))?,
        },
        "head" => say("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")?,
        _ => say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?,
    }
    Ok(true)
}

/// Gives back what comes, until the peer ends or says `bye`.
fn echo(mut stream: TcpStream, mut reader: BufReader<TcpStream>) -> Result<()> {
    let mut bytes = [0; 1024];
    loop {
        let length = reader.read(&mut bytes)?;
        if length == 0 || bytes[..length].ends_with(b"bye") {
            return Ok(());
        }
        stream.write_all(&bytes[..length])?;
    }
}
