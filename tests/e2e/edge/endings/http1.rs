//! Endings over HTTP/1.

use super::Ending;
use super::stage::{Stage, UNKNOWN};
use anyhow::{Result, ensure};

pub const ENDINGS: &[Ending] = &[
    Ending {
        what: "a plain answer",
        act: |stage| status(stage, "GET", "/e/ok", 200),
        counted: &[("GET", "/e/ok", 200, 1)],
    },
    Ending {
        what: "the client resets in the middle of its body",
        act: |stage| {
            let line = stage
                .send(b"POST /e/upload HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\npart")?;
            stage.wait_active(1)?;
            line.reset()
        },
        counted: &[("POST", "/e/upload", 0, 1)],
    },
    Ending {
        what: "the client closes in the middle of its body",
        act: |stage| {
            let line = stage
                .send(b"PUT /e/upload HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\npart")?;
            stage.wait_active(1)?;
            drop(line);
            Ok(())
        },
        counted: &[("PUT", "/e/upload", 0, 1)],
    },
    Ending {
        what: "the client resets before the response",
        act: |stage| {
            let line = stage.send(b"GET /e/never HTTP/1.1\r\nhost: a\r\n\r\n")?;
            stage.wait_active(1)?;
            line.reset()
        },
        counted: &[("GET", "/e/never", 0, 1)],
    },
    Ending {
        what: "the upstream resets before the response",
        act: |stage| status(stage, "GET", "/e/reset-before", 503),
        counted: &[("GET", "/e/reset-before", 503, 1)],
    },
    Ending {
        what: "the upstream resets in the middle of the response: 200 was sent",
        act: |stage| {
            let mut line = stage.send(b"GET /e/reset-mid HTTP/1.1\r\nhost: a\r\n\r\n")?;
            ensure!(line.status()? == 200);
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("GET", "/e/reset-mid", 200, 1)],
    },
    Ending {
        what: "the upstream closes in the middle of the response",
        act: |stage| {
            let mut line = stage.send(b"GET /e/short HTTP/1.1\r\nhost: a\r\n\r\n")?;
            ensure!(line.status()? == 200);
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("GET", "/e/short", 200, 1)],
    },
    Ending {
        what: "the upstream's answer is no HTTP",
        act: |stage| status(stage, "GET", "/e/garbage", 502),
        counted: &[("GET", "/e/garbage", 502, 1)],
    },
    Ending {
        what: "nobody listens at the upstream",
        act: |stage| status(stage, "GET", "/e/refused", 503),
        counted: &[("GET", "/e/refused", 503, 1)],
    },
    Ending {
        what: "the upstream takes longer than the route allows",
        act: |stage| status(stage, "GET", "/e/timeout/never", 504),
        counted: &[("GET", "/e/timeout/never", 504, 1)],
    },
    Ending {
        what: "the stream is idle while it waits for the response",
        act: |stage| status(stage, "GET", "/e/idle/never", 504),
        counted: &[("GET", "/e/idle/never", 504, 1)],
    },
    Ending {
        what: "the stream is idle in the middle of the request",
        act: |stage| {
            let mut line = stage.send(
                b"POST /e/idle/upload HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\npart",
            )?;
            ensure!(line.status()? == 408);
            Ok(())
        },
        counted: &[("POST", "/e/idle/upload", 408, 1)],
    },
    Ending {
        what: "the client gives up a download",
        act: |stage| {
            let mut line = stage.send(b"GET /e/drip HTTP/1.1\r\nhost: a\r\n\r\n")?;
            line.read_to("hello\r\n5\r\nhello\r\n")?;
            line.reset()
        },
        counted: &[("GET", "/e/drip", 200, 1)],
    },
    Ending {
        what: "the request line is none: Envoy answers before there are headers",
        act: |stage| {
            let mut line = stage.send(b"GET /e/ok HTTP/9.9 what\r\n\r\n")?;
            ensure!(line.status()? == 400);
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("_OTHER", UNKNOWN, 400, 1)],
    },
    Ending {
        what: "a header line is none: Envoy answers before the headers are whole",
        act: |stage| {
            let mut line = stage.send(b"GET /e/ok HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n")?;
            ensure!(line.status()? == 400);
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("_OTHER", UNKNOWN, 400, 1)],
    },
    Ending {
        what: "a chunk of the body is none: the headers were good, so that the route is known",
        act: |stage| {
            let head = b"POST /e/upload HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n";
            let mut line = stage.send(head)?;
            ensure!(line.status()? == 400);
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("POST", "/e/upload", 400, 1)],
    },
    Ending {
        what: "the client closes its side and still reads",
        act: |stage| {
            let mut line = stage.send(b"GET /e/never HTTP/1.1\r\nhost: a\r\n\r\n")?;
            stage.wait_active(1)?;
            line.close_writing()?;
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("GET", "/e/never", 0, 1)],
    },
    Ending {
        what: "the headers are too large",
        act: |stage| {
            let long = "a".repeat(100_000);
            let request = format!("GET /e/ok HTTP/1.1\r\nhost: a\r\nx-long: {long}\r\n\r\n");
            let mut line = stage.send(request.as_bytes())?;
            ensure!(line.status()? == 431);
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("_OTHER", UNKNOWN, 431, 1)],
    },
    Ending {
        what: "HTTP/1.0, which ends with the connection",
        act: |stage| {
            let mut line = stage.send(b"GET /e/ok HTTP/1.0\r\nhost: a\r\n\r\n")?;
            ensure!(line.status()? == 200);
            ensure!(line.read_to_end()?.ends_with(b"ok"));
            Ok(())
        },
        counted: &[("GET", "/e/ok", 200, 1)],
    },
    Ending {
        what: "Expect: 100-continue: the interim answer is none of its own",
        act: |stage| {
            let mut line = stage.send(
                b"POST /e/continue HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n",
            )?;
            ensure!(line.status()? == 100);
            line.read_to("\r\n")?;
            line.write(b"body")?;
            ensure!(line.status()? == 200);
            line.read_to("ok")?;
            Ok(())
        },
        counted: &[("POST", "/e/continue", 200, 1)],
    },
    Ending {
        what: "the client resets after Envoy's 100 Continue, which is the status that Envoy logs",
        act: |stage| {
            let head = b"POST /e/continue HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n";
            let mut line = stage.send(head)?;
            ensure!(line.status()? == 100);
            line.reset()
        },
        counted: &[("POST", "/e/continue", 100, 1)],
    },
    Ending {
        what: "204, which has no body",
        act: |stage| status(stage, "DELETE", "/e/status-204", 204),
        counted: &[("DELETE", "/e/status-204", 204, 1)],
    },
    Ending {
        what: "304, which has no body",
        act: |stage| status(stage, "GET", "/e/status-304", 304),
        counted: &[("GET", "/e/status-304", 304, 1)],
    },
    Ending {
        what: "HEAD, whose length is not its body's",
        act: |stage| status(stage, "HEAD", "/e/head", 200),
        counted: &[("HEAD", "/e/head", 200, 1)],
    },
    Ending {
        what: "a WebSocket that the client closes",
        act: |stage| {
            let mut line = stage.send(&upgrade("/e/upgrade"))?;
            ensure!(line.status()? == 101);
            line.read_to("\r\n\r\n")?;
            for _ in 0..3 {
                line.write(b"hello")?;
                line.read_to("hello")?;
            }
            Ok(())
        },
        counted: &[("GET", "/e/upgrade", 101, 1)],
    },
    Ending {
        what: "a WebSocket that the upstream closes",
        act: |stage| {
            let mut line = stage.send(&upgrade("/e/upgrade"))?;
            line.read_to("\r\n\r\n")?;
            line.write(b"bye")?;
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("GET", "/e/upgrade", 101, 1)],
    },
    Ending {
        what: "an upgrade that the upstream does not take",
        act: |stage| {
            let mut line = stage.send(&upgrade("/e/no-upgrade"))?;
            ensure!(line.status()? == 200);
            line.read_to_end()?;
            Ok(())
        },
        counted: &[("GET", "/e/no-upgrade", 200, 1)],
    },
    Ending {
        what: "CONNECT, which has no path",
        act: |stage| {
            let mut line = stage.send(b"CONNECT test:80 HTTP/1.1\r\nhost: test:80\r\n\r\n")?;
            ensure!(line.status()? == 200);
            line.read_to("\r\n\r\n")?;
            line.write(b"hello")?;
            line.read_to("hello")?;
            Ok(())
        },
        counted: &[("CONNECT", UNKNOWN, 200, 1)],
    },
    Ending {
        what: "three requests in one packet, the last of which asks to close",
        act: |stage| {
            let get = "GET /e/slow-50 HTTP/1.1\r\nhost: a\r\n";
            let mut line = stage
                .send(format!("{get}\r\n{get}\r\n{get}connection: close\r\n\r\n").as_bytes())?;
            let answers = String::from_utf8(line.read_to_end()?)?;
            ensure!(answers.matches("HTTP/1.1 200 OK").count() == 3, "{answers}");
            Ok(())
        },
        counted: &[("GET", "/e/slow-50", 200, 3)],
    },
    Ending {
        what: "trailers on both sides",
        act: |stage| {
            let mut line = stage.send(
                b"POST /e/trailers HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
                  5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n",
            )?;
            ensure!(line.status()? == 200);
            line.read_to("x-sum: 5\r\n\r\n")?;
            Ok(())
        },
        counted: &[("POST", "/e/trailers", 200, 1)],
    },
    Ending {
        what: "Envoy answers by its route",
        act: |stage| status(stage, "GET", "/e/direct", 418),
        counted: &[("GET", "/e/direct", 418, 1)],
    },
    Ending {
        what: "Envoy redirects",
        act: |stage| status(stage, "GET", "/e/redirect", 301),
        counted: &[("GET", "/e/redirect", 301, 1)],
    },
    Ending {
        what: "the route's cluster does not exist",
        act: |stage| status(stage, "GET", "/e/missing-cluster", 503),
        counted: &[("GET", "/e/missing-cluster", 503, 1)],
    },
    Ending {
        what: "a rate limit behind the filter",
        act: |stage| {
            status(stage, "GET", "/e/limited", 200)?;
            status(stage, "GET", "/e/limited", 429)
        },
        counted: &[("GET", "/e/limited", 200, 1), ("GET", "/e/limited", 429, 1)],
    },
    Ending {
        what: "a rate limit before the filter, which never sees the headers",
        act: |stage| {
            status(stage, "GET", "/e/limited-before", 200)?;
            status(stage, "GET", "/e/limited-before", 429)
        },
        counted: &[
            ("GET", "/e/limited-before", 200, 1),
            ("GET", "/e/limited-before", 429, 1),
        ],
    },
    Ending {
        what: "a body beyond the buffer",
        act: |stage| {
            let body = "b".repeat(1000);
            let request = format!(
                "POST /e/buffered HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n{body}"
            );
            ensure!(stage.send(request.as_bytes())?.status()? == 413);
            Ok(())
        },
        counted: &[("POST", "/e/buffered", 413, 1)],
    },
    Ending {
        what: "Envoy tries again and succeeds: one request of the client",
        act: |stage| status(stage, "GET", "/e/flaky", 200),
        counted: &[("GET", "/e/flaky", 200, 1)],
    },
    Ending {
        what: "Envoy tries again in vain: still one",
        act: |stage| status(stage, "GET", "/e/retried/status-500", 500),
        counted: &[("GET", "/e/retried/status-500", 500, 1)],
    },
];

/// A request, read to the end of the connection.
fn status(stage: &Stage, method: &str, path: &str, expected: u16) -> Result<()> {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut line = stage.send(request.as_bytes())?;
    let status = line.status()?;
    line.read_to_end()?;
    ensure!(status == expected, "{status}");
    Ok(())
}

fn upgrade(path: &str) -> Vec<u8> {
    let head = "host: a\r\nconnection: upgrade\r\nupgrade: websocket";
    format!("GET {path} HTTP/1.1\r\n{head}\r\n\r\n").into_bytes()
}
