//! Child processes that end with whoever started them, free ports, and
//! waiting for a condition.

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a process may take to answer for the first time.
pub const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a command may take that ends by itself.
const RUN_LIMIT: Duration = Duration::from_secs(300);
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
        stop(&mut self.child);
    }

    /// Ends it at once, without a chance to clean up.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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

fn stop(child: &mut Child) {
    let has_ended = |child: &mut Child| child.try_wait().ok().flatten().is_some();
    let id = i32::try_from(child.id());
    let asked =
        !has_ended(child) && id.is_ok_and(|id| kill(Pid::from_raw(id), Signal::SIGTERM).is_ok());
    let end = Instant::now() + STOP_LIMIT;
    while asked && Instant::now() < end {
        if has_ended(child) {
            return;
        }
        std::thread::sleep(POLL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Runs a command to its end; fails, with what it has said, where that takes longer
/// than [`RUN_LIMIT`].
pub fn run(command: &mut Command) -> Result<Output> {
    run_within(RUN_LIMIT, command)
}

fn run_within(limit: Duration, command: &mut Command) -> Result<Output> {
    // Files, because a pipe is read to its end only when all who have it have ended.
    let mut streams = [tempfile::tempfile()?, tempfile::tempfile()?];
    command.stdin(Stdio::null());
    command.stdout(streams[0].try_clone()?);
    command.stderr(streams[1].try_clone()?);
    let spawned = end_with_us(command).spawn();
    let mut child = spawned.with_context(|| format!("start {command:?}"))?;
    let ended = wait_for("its end", limit, || Ok(child.try_wait()?));
    if ended.is_err() {
        stop(&mut child);
    }
    let mut said = [Vec::new(), Vec::new()];
    for (stream, said) in streams.iter_mut().zip(&mut said) {
        stream.rewind()?;
        stream.read_to_end(said)?;
    }
    let [stdout, stderr] = said;
    let status = ended.with_context(|| {
        let said = [&stdout, &stderr].map(|said| String::from_utf8_lossy(said));
        format!("{command:?} said:\n{}", said.join("\n"))
    })?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
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
    fn a_command_is_told_by_its_end_or_ended_with_what_it_said() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            run_within(Duration::from_secs(2), command.args(["-c", script]))
        };
        let output = shell("echo out; echo why >&2; exit 3").unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            [&output.stdout[..], &output.stderr],
            [&b"out\n"[..], b"why\n"]
        );
        // What it leaves behind holds its output open.
        let output = shell("sleep 60 & echo $!").unwrap();
        let id = String::from_utf8(output.stdout).unwrap();
        kill(Pid::from_raw(id.trim().parse().unwrap()), Signal::SIGKILL).unwrap();
        let error = shell("echo begun; exec sleep 60").unwrap_err();
        assert!(format!("{error:#}").contains("begun"), "{error:#}");
    }

    #[test]
    fn no_port_is_given_twice() {
        let ports: BTreeSet<_> = (0..500).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 500);
    }
}
