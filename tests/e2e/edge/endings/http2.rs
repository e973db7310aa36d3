//! Endings over HTTP/2: of one stream among others, of the connection, and of
//! gRPC, whose own status is in the trailers.

use super::Ending;
use super::stage::{Stage, UNKNOWN};
use anyhow::{Context, Result, ensure};
use sightline_tests::h2::{CANCEL, Connection, Ended, Event};

pub const ENDINGS: &[Ending] = &[
    Ending {
        what: "several streams at once on one connection",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let mut streams = Vec::new();
            for path in [
                "/e/slow-100",
                "/e/ok",
                "/e/slow-100",
                "/e/status-500",
                "/e/direct",
            ] {
                streams.push(connection.begin("GET", path, true)?);
            }
            let statuses: Vec<_> = connection
                .ends(&streams)?
                .iter()
                .map(|end| end.status)
                .collect();
            ensure!(
                statuses == [200, 200, 200, 500, 418].map(Some),
                "{statuses:?}"
            );
            Ok(())
        },
        counted: &[
            ("GET", "/e/slow-100", 200, 2),
            ("GET", "/e/ok", 200, 1),
            ("GET", "/e/status-500", 500, 1),
            ("GET", "/e/direct", 418, 1),
        ],
    },
    Ending {
        what: "the client cancels one stream, another goes on",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let cancelled = connection.begin("GET", "/e/never", true)?;
            let other = connection.begin("GET", "/e/slow-100", true)?;
            stage.wait_active(2)?;
            connection.reset(cancelled, CANCEL)?;
            ensure!(connection.ends(&[other])?[0].status == Some(200));
            Ok(())
        },
        counted: &[("GET", "/e/never", 0, 1), ("GET", "/e/slow-100", 200, 1)],
    },
    Ending {
        what: "the client cancels in the middle of its body",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let stream = connection.begin("POST", "/e/upload", false)?;
            connection.data(stream, b"part", false)?;
            stage.wait_active(1)?;
            connection.reset(stream, CANCEL)?;
            stage.wait_active(0)
        },
        counted: &[("POST", "/e/upload", 0, 1)],
    },
    Ending {
        what: "the client cancels a download",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let stream = connection.begin("GET", "/e/drip", true)?;
            for _ in 0..3 {
                connection.next_event()?;
            }
            connection.reset(stream, CANCEL)?;
            stage.wait_active(0)
        },
        counted: &[("GET", "/e/drip", 200, 1)],
    },
    Ending {
        what: "the connection breaks with three streams open",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            for _ in 0..3 {
                connection.begin("GET", "/e/never", true)?;
            }
            stage.wait_active(3)
        },
        counted: &[("GET", "/e/never", 0, 3)],
    },
    Ending {
        what: "the client goes away politely and waits for what it has asked",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let stream = connection.begin("GET", "/e/slow-100", true)?;
            connection.go_away()?;
            ensure!(connection.ends(&[stream])?[0].status == Some(200));
            Ok(())
        },
        counted: &[("GET", "/e/slow-100", 200, 1)],
    },
    Ending {
        what: "the upstream resets before the response",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let stream = connection.begin("GET", "/e/reset-before", true)?;
            ensure!(connection.ends(&[stream])?[0].status == Some(503));
            Ok(())
        },
        counted: &[("GET", "/e/reset-before", 503, 1)],
    },
    Ending {
        what: "the upstream resets in the middle of the response",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let stream = connection.begin("GET", "/e/reset-mid", true)?;
            let end = connection.ends(&[stream])?.remove(0);
            ensure!(end.status == Some(200) && end.reset.is_some(), "{end:?}");
            Ok(())
        },
        counted: &[("GET", "/e/reset-mid", 200, 1)],
    },
    Ending {
        what: "trailers on both sides",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let stream = connection.begin("POST", "/e/trailers", false)?;
            connection.data(stream, b"hello", false)?;
            connection.headers(stream, &[("x-sum", "5")], true)?;
            let end = connection.ends(&[stream])?.remove(0);
            ensure!(end.status == Some(200) && end.has_trailers, "{end:?}");
            Ok(())
        },
        counted: &[("POST", "/e/trailers", 200, 1)],
    },
    Ending {
        what: "a gRPC call that succeeds",
        act: |stage| {
            let end = grpc(stage, "/e/grpc-0")?;
            ensure!(end.status == Some(200) && end.has_trailers, "{end:?}");
            Ok(())
        },
        counted: &[("POST", "/e/grpc-0", 200, 1)],
    },
    Ending {
        what: "a gRPC call that fails by its trailers: its HTTP status is counted, which is 200",
        act: |stage| {
            let end = grpc(stage, "/e/grpc-13")?;
            ensure!(end.status == Some(200) && end.has_trailers, "{end:?}");
            Ok(())
        },
        counted: &[("POST", "/e/grpc-13", 200, 1)],
    },
    Ending {
        what: "a gRPC call that Envoy fails: to the client 200 with a gRPC status, counted as Envoy logs it",
        act: |stage| {
            let end = grpc(stage, "/e/refused")?;
            ensure!(end.status == Some(200), "{end:?}");
            Ok(())
        },
        counted: &[("POST", "/e/refused", 200, 1)],
    },
    Ending {
        what: "the client breaks the protocol with a stream open",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            connection.begin("GET", "/e/never", true)?;
            stage.wait_active(1)?;
            // No such stream has begun.
            connection.data(99, b"what", false)?;
            while connection.next_event()?.is_some() {}
            Ok(())
        },
        counted: &[("GET", "/e/never", 0, 1)],
    },
    Ending {
        what: "a WebSocket over HTTP/2 (RFC 8441), which Envoy makes an upgrade of and logs as one",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let headers = [
                (":method", "CONNECT"),
                (":protocol", "websocket"),
                (":scheme", "http"),
                (":authority", "test"),
                (":path", "/e/upgrade"),
            ];
            let stream = connection.request(&headers, false)?;
            connection.data(stream, b"hello", false)?;
            let mut echoed = false;
            while !echoed {
                let event = connection.next_event()?.context("closed")?;
                echoed = matches!(event, Event::Data { bytes, .. } if bytes == b"hello");
            }
            connection.data(stream, b"bye", false)?;
            ensure!(connection.ends(&[stream])?.len() == 1);
            Ok(())
        },
        counted: &[("GET", "/e/upgrade", 101, 1)],
    },
    Ending {
        what: "CONNECT, which has no path",
        act: |stage| {
            let mut connection = Connection::open(stage.port)?;
            let headers = [(":method", "CONNECT"), (":authority", "test:80")];
            let stream = connection.request(&headers, false)?;
            connection.data(stream, b"hello", true)?;
            let end = connection.ends(&[stream])?.remove(0);
            ensure!(end.status == Some(200) && end.body == b"hello", "{end:?}");
            Ok(())
        },
        counted: &[("CONNECT", UNKNOWN, 200, 1)],
    },
];

fn grpc(stage: &Stage, path: &str) -> Result<Ended> {
    let mut connection = Connection::open(stage.port)?;
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "test"),
        (":path", path),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let stream = connection.request(&headers, false)?;
    connection.data(stream, &[0; 5], true)?;
    Ok(connection.ends(&[stream])?.remove(0))
}
