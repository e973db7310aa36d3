//! Steady traffic that a drill can turn into other traffic.

use sightline_tests::http::Client;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Requests that go on until dropped.
pub struct Load {
    /// What is asked for; nothing is sent while it is empty.
    path: Arc<Mutex<Option<String>>>,
    threads: Vec<JoinHandle<()>>,
}

/// Between two requests of one connection.
const PACE: Duration = Duration::from_millis(50);

impl Load {
    /// Asks for a path over so many connections.
    pub fn start(port: u16, path: &str, connections: usize) -> Self {
        let path = Arc::new(Mutex::new(Some(path.to_owned())));
        let one = |_| {
            let path = Arc::clone(&path);
            std::thread::spawn(move || {
                let client = Client::default();
                loop {
                    let Some(path) = path.lock().unwrap().clone() else {
                        return;
                    };
                    if !path.is_empty() {
                        // What comes back is the filter's to count.
                        let _ = client.get(&format!("http://127.0.0.1:{port}{path}"), &[]);
                    }
                    std::thread::sleep(PACE);
                }
            })
        };
        let threads = (0..connections).map(one).collect();
        Self { path, threads }
    }

    /// From now on asks for another path.
    pub fn turn(&self, path: &str) {
        *self.path.lock().unwrap() = Some(path.to_owned());
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        *self.path.lock().unwrap() = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
