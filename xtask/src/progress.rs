//! What set-up says while it works: one line when a part is begun, one when it
//! is there. Parts that were there already are named only by `setup` itself.

use std::fmt::Display;
use std::sync::Mutex;
use std::time::Duration;

pub struct Progress {
    /// Also say what was there already.
    pub verbose: bool,
    /// What took time, for the summary at the end of a command.
    seconds: Mutex<Vec<(String, f64)>>,
}

impl Progress {
    pub fn new(verbose: bool) -> Self {
        Self {
            verbose,
            seconds: Mutex::default(),
        }
    }

    pub fn begun(&self, part: &str, version: impl Display, doing: &str) {
        eprintln!("{} … {doing}", titled(part, version));
    }

    pub fn ready(&self, part: &str, version: impl Display, took: Duration) {
        eprintln!(
            "{} … ready ({:.0} s)",
            titled(part, version),
            took.as_secs_f64().max(1.0)
        );
        if let Ok(mut seconds) = self.seconds.lock() {
            seconds.push((part.to_owned(), took.as_secs_f64()));
        }
    }

    pub fn there(&self, part: &str, version: impl Display, how: &str) {
        if self.verbose {
            eprintln!("{} … {how}", titled(part, version));
        }
    }

    pub fn seconds(&self) -> Vec<(String, f64)> {
        self.seconds
            .lock()
            .map(|seconds| seconds.clone())
            .unwrap_or_default()
    }
}

fn titled(part: &str, version: impl Display) -> String {
    let version = version.to_string();
    if version.is_empty() {
        part.to_owned()
    } else {
        format!("{part} {version}")
    }
}
