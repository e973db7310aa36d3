//! A name server on loopback that answers one kind of question in one way. DNS is
//! RFC 1035: a header of twelve bytes, the question as it came, and records.

use anyhow::Result;
use sightline_tests::process::free_port;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What it answers.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    /// One address.
    Address,
    /// The same, so much later.
    Late(Duration),
    /// That there is no such name.
    NoSuchName,
    /// That all is well, and no address.
    Nothing,
    /// Not a word.
    Silence,
}

/// A running name server.
pub struct NameServer {
    /// Where it listens.
    pub port: u16,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    pub fn start(says: Says) -> Result<Self> {
        let port = free_port()?;
        let socket = UdpSocket::bind(("127.0.0.1", port))?;
        // How long its end may take.
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let thread = std::thread::spawn(move || {
            let mut query = [0; 512];
            while !over.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut query) else {
                    continue;
                };
                if let Some(answer) = answer(&query[..length], says) {
                    // Who asked may be gone.
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Ok(Self {
            port,
            is_over,
            thread: Some(thread),
        })
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(query: &[u8], says: Says) -> Option<Vec<u8>> {
    let id = query.get(..2)?;
    let name = query.get(12..)?.iter().position(|byte| *byte == 0)?;
    // The name's end, type and class.
    let question = query.get(12..12 + name + 1 + 4)?;
    let (code, records) = match says {
        Says::Silence => return None,
        Says::NoSuchName => (3, 0),
        Says::Nothing => (0, 0),
        Says::Address => (0, 1),
        Says::Late(by) => {
            std::thread::sleep(by);
            (0, 1)
        }
    };
    // An answer, recursion asked for and there.
    let mut answer = [
        id,
        &[0x81, 0x80 | code, 0, 1, 0, records, 0, 0, 0, 0],
        question,
    ]
    .concat();
    if records > 0 {
        // The name by its place, A, IN, a minute, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}
