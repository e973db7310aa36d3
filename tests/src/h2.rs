//! HTTP/2 (RFC 9113) frame by frame, for what no well-behaved client does:
//! streams that are reset, connections that go away, trailers. Header blocks
//! (RFC 7541) are written as plain literals; of an answer only the status is
//! read, the rest is counted as there.

use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

const MAX_FRAME: usize = 16_384;

/// The error code CANCEL.
pub const CANCEL: u32 = 8;

/// Something that a peer said of a stream or of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Header lines; without a status they are trailers.
    Headers {
        /// The stream.
        stream: u32,
        /// `:status`.
        status: Option<u16>,
        /// Whether nothing follows.
        is_end: bool,
    },
    /// A part of a body.
    Data {
        /// The stream.
        stream: u32,
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether nothing follows.
        is_end: bool,
    },
    /// The stream was reset.
    Reset {
        /// The stream.
        stream: u32,
        /// The error code.
        code: u32,
    },
    /// The peer takes no more streams.
    GoAway,
}

/// How a stream ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// `:status`; none if none came.
    pub status: Option<u16>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether trailers came.
    pub has_trailers: bool,
    /// The error code, if it was reset.
    pub reset: Option<u32>,
}

/// A client's side of a connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    next_stream: u32,
}

impl Connection {
    /// Connects to a loopback port, with prior knowledge and no table of headers.
    pub fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        let mut connection = Self {
            stream,
            next_stream: 1,
        };
        connection.stream.write_all(PREFACE)?;
        // SETTINGS_HEADER_TABLE_SIZE and SETTINGS_ENABLE_PUSH are 0.
        let settings = [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];
        connection.write(SETTINGS, 0, 0, &settings)?;
        Ok(connection)
    }

    /// Gives up reading when nothing has come for so long.
    pub fn set_patience(&self, limit: Duration) -> Result<()> {
        Ok(self.stream.set_read_timeout(Some(limit))?)
    }

    /// Begins a request; gives the stream's number.
    pub fn request(&mut self, headers: &[(&str, &str)], is_end: bool) -> Result<u32> {
        let stream = self.next_stream;
        self.next_stream += 2;
        self.headers(stream, headers, is_end)?;
        Ok(stream)
    }

    /// Begins a request whose header lines are bytes.
    pub fn request_bytes(&mut self, lines: &[(&[u8], &[u8])], is_end: bool) -> Result<u32> {
        let stream = self.next_stream;
        self.next_stream += 2;
        self.header_bytes(stream, lines, is_end)?;
        Ok(stream)
    }

    /// Begins a request with the pseudo-headers that each has.
    pub fn begin(&mut self, method: &str, path: &str, is_end: bool) -> Result<u32> {
        let headers = [
            (":method", method),
            (":scheme", "http"),
            (":authority", "test"),
            (":path", path),
        ];
        self.request(&headers, is_end)
    }

    /// Sends header lines on a stream: trailers, where it has begun before.
    pub fn headers(&mut self, stream: u32, lines: &[(&str, &str)], is_end: bool) -> Result<()> {
        let lines = lines.iter();
        let lines: Vec<_> = lines
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        self.header_bytes(stream, &lines, is_end)
    }

    /// The same with bytes, in as many frames as they need.
    pub fn header_bytes(
        &mut self,
        stream: u32,
        lines: &[(&[u8], &[u8])],
        is_end: bool,
    ) -> Result<()> {
        let mut block = Vec::new();
        for (name, value) in lines {
            // A literal that is not indexed, with its name.
            block.push(0);
            for text in [name, value] {
                write_length(&mut block, text.len());
                block.extend_from_slice(text);
            }
        }
        let mut frames = block.chunks(MAX_FRAME).peekable();
        let mut kind = HEADERS;
        while let Some(frame) = frames.next() {
            let last = if frames.peek().is_none() {
                END_HEADERS
            } else {
                0
            };
            let end = if is_end && kind == HEADERS {
                END_STREAM
            } else {
                0
            };
            self.write(kind, last | end, stream, frame)?;
            kind = CONTINUATION;
        }
        Ok(())
    }

    /// Sends a part of a body.
    pub fn data(&mut self, stream: u32, bytes: &[u8], is_end: bool) -> Result<()> {
        self.write(DATA, if is_end { END_STREAM } else { 0 }, stream, bytes)
    }

    /// Gives a stream up.
    pub fn reset(&mut self, stream: u32, code: u32) -> Result<()> {
        self.write(RST_STREAM, 0, stream, &code.to_be_bytes())
    }

    /// Says that no stream of the peer will be taken any more.
    pub fn go_away(&mut self) -> Result<()> {
        self.write(GOAWAY, 0, 0, &[0; 8])
    }

    /// The next event; none when the peer has closed. Settings and pings are
    /// answered, windows are kept open.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        loop {
            let mut head = [0; 9];
            if let Err(error) = self.stream.read_exact(&mut head) {
                return match error.kind() {
                    std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => {
                        Ok(None)
                    }
                    _ => Err(error.into()),
                };
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let (kind, flags) = (head[3], head[4]);
            let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
            let mut body = vec![0; length as usize];
            self.stream.read_exact(&mut body)?;
            let is_end = flags & END_STREAM != 0;
            let number =
                |bytes: &[u8]| -> Result<u32> { Ok(u32::from_be_bytes(bytes.try_into()?)) };
            match kind {
                SETTINGS if flags & ACK == 0 => self.write(SETTINGS, ACK, 0, &[])?,
                PING if flags & ACK == 0 => self.write(PING, ACK, 0, &body)?,
                HEADERS => {
                    ensure!(
                        flags == END_HEADERS | (flags & END_STREAM),
                        "flags {flags:#x}"
                    );
                    let status = status_of(&body)?;
                    return Ok(Some(Event::Headers {
                        stream,
                        status,
                        is_end,
                    }));
                }
                DATA => {
                    if !body.is_empty() {
                        self.write(WINDOW_UPDATE, 0, 0, &length.to_be_bytes())?;
                        if !is_end {
                            self.write(WINDOW_UPDATE, 0, stream, &length.to_be_bytes())?;
                        }
                    }
                    return Ok(Some(Event::Data {
                        stream,
                        bytes: body,
                        is_end,
                    }));
                }
                RST_STREAM => {
                    let code = number(&body)?;
                    return Ok(Some(Event::Reset { stream, code }));
                }
                GOAWAY => return Ok(Some(Event::GoAway)),
                _ => {}
            }
        }
    }

    /// Reads until each of these streams has ended; in their order, how.
    pub fn ends(&mut self, streams: &[u32]) -> Result<Vec<Ended>> {
        let mut ended = vec![Ended::default(); streams.len()];
        let mut left = streams.len();
        while left > 0 {
            let event = self.next_event()?;
            let event = event.with_context(|| format!("closed with {left} streams open"))?;
            let (stream, is_end) = match &event {
                Event::Headers { stream, is_end, .. } | Event::Data { stream, is_end, .. } => {
                    (*stream, *is_end)
                }
                Event::Reset { stream, .. } => (*stream, true),
                Event::GoAway => continue,
            };
            let Some(at) = streams.iter().position(|known| *known == stream) else {
                continue;
            };
            match event {
                Event::Headers {
                    status: Some(status),
                    ..
                } => ended[at].status = Some(status),
                Event::Headers { .. } => ended[at].has_trailers = true,
                Event::Data { bytes, .. } => ended[at].body.extend(bytes),
                Event::Reset { code, .. } => ended[at].reset = Some(code),
                Event::GoAway => {}
            }
            left -= usize::from(is_end);
        }
        Ok(ended)
    }

    fn write(&mut self, kind: u8, flags: u8, stream: u32, body: &[u8]) -> Result<()> {
        let length = u32::try_from(body.len())?.to_be_bytes();
        ensure!(body.len() <= MAX_FRAME, "a frame has at most 16 KiB");
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend_from_slice(body);
        Ok(self.stream.write_all(&frame)?)
    }
}

/// A string's length, not Huffman-coded: an integer with a prefix of 7 bits.
fn write_length(block: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    if rest < 0x7f {
        block.push(rest as u8);
        return;
    }
    block.push(0x7f);
    rest -= 0x7f;
    while rest >= 0x80 {
        block.push((rest % 0x80) as u8 | 0x80);
        rest /= 0x80;
    }
    block.push(rest as u8);
}

/// The status of a header block, which stands first; none in trailers.
fn status_of(block: &[u8]) -> Result<Option<u16>> {
    const STATIC: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    let mut block = block;
    // Changes of the table's size come before all.
    while let [first, rest @ ..] = block
        && first & 0xe0 == 0x20
    {
        ensure!(
            first & 0x1f < 0x1f,
            "a table of headers, which was not allowed"
        );
        block = rest;
    }
    let index = match block {
        [first, ..] if first & 0x80 != 0 => {
            let index = usize::from(first & 0x7f);
            return Ok(index.checked_sub(8).and_then(|at| STATIC.get(at).copied()));
        }
        [first, ..] if first & 0xc0 == 0x40 => first & 0x3f,
        [first, ..] => first & 0x0f,
        [] => 0,
    };
    if !(8..=14).contains(&index) {
        return Ok(None);
    }
    let [_, length, text @ ..] = block else {
        bail!("a status without a value")
    };
    let text = text
        .get(..usize::from(length & 0x7f))
        .context("a short status")?;
    let digits = match length & 0x80 {
        0 => text.to_vec(),
        _ => huffman_digits(text)?,
    };
    Ok(Some(std::str::from_utf8(&digits)?.parse()?))
}

/// Three digits in the Huffman code of RFC 7541, appendix B: 0 to 2 have five
/// bits, the others six.
fn huffman_digits(text: &[u8]) -> Result<Vec<u8>> {
    let mut bits = text
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1));
    let mut digits = Vec::new();
    while digits.len() < 3 {
        let mut code = 0;
        for _ in 0..5 {
            code = code << 1 | bits.next().context("a status of few bits")?;
        }
        if code > 2 {
            code = code << 1 | bits.next().context("a status of few bits")?;
            ensure!((0x19..=0x1f).contains(&code), "no digit: {code:#x}");
            code -= 0x16;
        }
        digits.push(b'0' + code);
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_in_every_form() {
        for (block, status, why) in [
            (&[0x88][..], Some(200), "indexed"),
            (
                &[0x20, 0x8c],
                Some(400),
                "indexed, behind a table's new size",
            ),
            (&[0x48, 0x03, b'5', b'0', b'3'], Some(503), "literal"),
            // RFC 7541, C.6.1 and C.6.2.
            (&[0x48, 0x82, 0x64, 0x02], Some(302), "Huffman-coded"),
            (&[0x48, 0x83, 0x64, 0x0e, 0xff], Some(307), "Huffman-coded"),
            (&[0x00, 0x01, b'a', 0x01, b'b'], None, "trailers"),
        ] {
            assert_eq!(status_of(block).unwrap(), status, "{why}");
        }
    }

    #[test]
    fn long_texts_have_long_lengths() {
        let mut block = Vec::new();
        write_length(&mut block, 1337 + 0x60);
        assert_eq!(block, [0x7f, 0x9a, 0x0a], "1306 beyond the prefix");
    }
}
