//! Sends a request as it is, and ends it as it says.

use super::generator::{Body, End, Poison, Protocol};
use anyhow::Result;
use sightline_tests::h2;
use sightline_tests::scripted_upstream::reset;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Until an answer has come as far as it comes: an upgraded connection has no end.
const PATIENCE: Duration = Duration::from_millis(300);

const PART: &[u8] = b"hello";

/// Sends it. That Envoy hangs up meanwhile is no error.
pub fn send(port: u16, poison: &Poison) {
    let _ = match poison.protocol {
        Protocol::Http2 => send_http2(port, poison),
        _ => send_http1(port, poison),
    };
}

fn send_http1(port: u16, poison: &Poison) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let version = if poison.protocol == Protocol::Http10 {
        "1.0"
    } else {
        "1.1"
    };
    let mut bytes = [
        &poison.method[..],
        b" ",
        &poison.path,
        b" HTTP/",
        version.as_bytes(),
    ]
    .concat();
    bytes.extend(b"\r\nhost: shop.example\r\n");
    if !poison.headers.iter().any(|(name, _)| name == b"connection") {
        bytes.extend(b"connection: close\r\n");
    }
    for (name, value) in &poison.headers {
        bytes.extend([&name[..], b": ", value, b"\r\n"].concat());
    }
    let body: &[u8] = match poison.body {
        Body::None => b"\r\n",
        Body::Whole => b"content-length: 5\r\n\r\nhello",
        Body::Short => b"content-length: 50\r\n\r\nhello",
        Body::Chunked => b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        Body::Trailers => b"transfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n5\r\nhello\r\n0\r\nx-t: \xff\r\n\r\n",
    };
    bytes.extend(body);
    let sent = stream.write_all(&bytes);
    match poison.end {
        End::Resets => return reset(stream),
        End::Closes => return Ok(()),
        End::Reads => sent?,
    }
    let mut buffer = [0; 16 * 1024];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

fn send_http2(port: u16, poison: &Poison) -> Result<()> {
    let mut connection = h2::Connection::open(port)?;
    connection.set_patience(PATIENCE)?;
    let mut lines: Vec<(&[u8], &[u8])> = vec![
        (b":method", &poison.method),
        (b":scheme", b"http"),
        (b":authority", b"shop.example"),
    ];
    // CONNECT has no path, but here now and then it has one.
    if poison.method != b"CONNECT" || poison.path.len() > 6 {
        lines.push((b":path", &poison.path));
    }
    lines.extend(
        poison
            .headers
            .iter()
            .map(|(name, value)| (&name[..], &value[..])),
    );
    let stream = connection.request_bytes(&lines, poison.body == Body::None)?;
    match poison.body {
        Body::None => {}
        Body::Whole | Body::Chunked => connection.data(stream, PART, true)?,
        Body::Short => connection.data(stream, PART, false)?,
        Body::Trailers => {
            connection.data(stream, PART, false)?;
            connection.header_bytes(stream, &[(b"x-t", b"\xff")], true)?;
        }
    }
    match poison.end {
        End::Resets => connection.reset(stream, h2::CANCEL)?,
        End::Closes => connection.go_away()?,
        End::Reads => {
            connection.ends(&[stream])?;
        }
    }
    Ok(())
}
