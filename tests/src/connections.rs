//! Takes connections on a free loopback port, each served by a thread of its own,
//! and knows no protocol.

use anyhow::{Context, Result};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Takes connections until dropped; those that are served then go on to their end.
#[derive(Debug)]
pub struct Connections {
    /// Where it listens.
    pub port: u16,
    is_over: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Connections {
    /// Serves each connection so. Peers break connections off, in tests on
    /// purpose: an error ends the connection and is no news.
    pub fn serve(serve: impl Fn(TcpStream) -> Result<()> + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("listen")?;
        let port = listener.local_addr()?.port();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let serve = Arc::new(serve);
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(stream));
            }
        });
        Ok(Self {
            port,
            is_over,
            listening: Some(listening),
        })
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread, which may wait for a connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}
