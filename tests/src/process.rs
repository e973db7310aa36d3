//! Child processes that end with whoever started them, free ports, and
//! waiting for a condition.

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a process may take to answer for the first time.
pub const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// So often another port is asked for.
const MAX_PORTS: usize = 1000;
const POLL: Duration = Duration::from_millis(20);

/// A running process; ended, by its id, when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts the command with its output going to `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let out = File::create(log).with_context(|| format!("create {}", log.display()))?;
        let err = out.try_clone()?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = end_with_us(command)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        })
    }

    /// Everything it has written so far.
    pub fn output(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit code, if it has ended.
    pub fn exit_code(&mut self) -> Option<i32> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(status.code().unwrap_or(-1))
    }

    /// Waits until `ready` gives something; fails as soon as the process ends.
    pub fn wait_ready<T>(&mut self, mut ready: impl FnMut() -> Option<T>) -> Result<T> {
        let end = Instant::now() + START_LIMIT;
        loop {
            if let Some(answer) = ready() {
                return Ok(answer);
            }
            if let Some(code) = self.exit_code() {
                bail!("{} ended with {code}:\n{}", self.name, self.tail());
            }
            if Instant::now() > end {
                bail!(
                    "{} is not ready after {START_LIMIT:?}:\n{}",
                    self.name,
                    self.tail()
                );
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks it to end, and ends it where it does not.
    pub fn stop(&mut self) {
        let asked = self.signal(Signal::SIGTERM);
        let end = Instant::now() + STOP_LIMIT;
        while asked && Instant::now() < end {
            if self.exit_code().is_some() {
                return;
            }
            std::thread::sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ends it at once, without a chance to clean up.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn signal(&mut self, signal: Signal) -> bool {
        let Ok(id) = i32::try_from(self.child.id()) else {
            return false;
        };
        self.exit_code().is_none() && kill(Pid::from_raw(id), signal).is_ok()
    }

    fn tail(&self) -> String {
        let output = self.output();
        let lines: Vec<_> = output.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Has a command end when the thread that starts it does, however that ends.
/// Linux only: elsewhere it outlives a parent that is killed.
pub fn end_with_us(command: &mut Command) -> &mut Command {
    #[cfg(target_os = "linux")]
    // SAFETY: prctl is async-signal-safe, and nothing else runs in the child.
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?));
    }
    command
}

/// A loopback port that nobody listens on, and that was not given before: whom it
/// was given to may not listen yet, or no longer.
pub fn free_port() -> Result<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..MAX_PORTS {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("find a free port")?;
        let port = listener.local_addr()?.port();
        if given.insert(port) {
            return Ok(port);
        }
    }
    bail!("no port that was not given before")
}

/// Waits until `condition` gives something. `what` says in the failure what
/// was waited for.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    condition: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    wait_every(POLL, what, limit, condition)
}

/// The same for what is dear to look at, which is looked at so often.
pub fn wait_every<T>(
    pause: Duration,
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        let answer = condition();
        if let Ok(Some(answer)) = answer {
            return Ok(answer);
        }
        if Instant::now() > end {
            let state = answer.err().map(|error| format!(" ({error:#})"));
            bail!("waited {limit:?} for {what}{}", state.unwrap_or_default());
        }
        std::thread::sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let ports: BTreeSet<_> = (0..500).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 500);
    }
}
