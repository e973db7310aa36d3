//! Runs other programs: output into a log, and on failure one line that says
//! what failed and where the rest is. Network addresses are cut out of what is
//! shown, because package clients print the mirrors of whoever runs them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sightline_tests::process::end_with_us;

use crate::version::Version;

/// Runs a command to its end, its output appended to `log`. It does not go on
/// where this process is killed: who sets up next removes what is half made.
pub fn run(command: &mut Command, log: &Path) -> Result<()> {
    run_within(command, log, Duration::MAX)
}

/// As [`run`], killed when the time is over.
pub fn run_within(command: &mut Command, log: &Path, limit: Duration) -> Result<()> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    let output = File::options().create(true).append(true).open(log)?;
    let before = output.metadata()?.len() as usize;
    let started = Instant::now();
    let mut child = end_with_us(command)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("start {}", shown(command)))?;
    let status = if limit == Duration::MAX {
        child.wait()?
    } else {
        loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if started.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                bail!(
                    "{} did not end within {} s",
                    shown(command),
                    limit.as_secs()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    if status.success() {
        return Ok(());
    }
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(text.get(before..).unwrap_or_default());
    bail!(
        "{} failed ({status}): {} (all of it: {})",
        shown(command),
        reason(&text),
        log.display()
    );
}

/// The line that says what went wrong: the first that names an error, else the
/// last.
fn reason(output: &str) -> String {
    let mut lines = output
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let error = lines
        .clone()
        .find(|line| line.to_lowercase().contains("error"));
    without_hosts(error.or_else(|| lines.next_back()).unwrap_or("no output"))
}

/// What a command prints, where it succeeds.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("start {}", shown(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    bail!(
        "{} failed ({}): {}",
        shown(command),
        output.status,
        reason(&String::from_utf8_lossy(&output.stderr))
    );
}

/// The version that a program prints of itself, on whichever stream.
pub fn version_of(program: &Path, argument: &str) -> Option<Version> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Version::find(&String::from_utf8_lossy(&output.stdout))
        .or_else(|| Version::find(&String::from_utf8_lossy(&output.stderr)))
}

/// The first program of that name on PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| is_executable(candidate))
}

#[cfg(unix)]
pub fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(unix)]
pub fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("make {} executable", path.display()))
}

#[cfg(not(unix))]
pub fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}

/// Program and first arguments: enough to know which step it was.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut words: Vec<OsString> = vec![name.to_owned()];
    words.extend(command.get_args().take(3).map(OsString::from));
    let text: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    format!("`{}`", text.join(" "))
}

fn without_hosts(line: &str) -> String {
    let words = line
        .split_inclusive(char::is_whitespace)
        .map(|word| match word.find("://") {
            Some(_) => "(an address) ",
            None => word,
        });
    words.collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sightline_tests::process::wait_for;

    #[test]
    fn addresses_are_cut_out_of_what_is_shown() {
        assert_eq!(
            without_hosts("Err:1 https://mirror.example/debian stable is gone"),
            "Err:1 (an address) stable is gone"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_failure_names_the_step_and_its_reason() {
        let folder = std::env::temp_dir().join(format!("xtask-process-{}", std::process::id()));
        let log = folder.join("log");
        let error = run(
            Command::new("sh").args(["-c", "echo one; echo Error: two >&2; echo three; exit 3"]),
            &log,
        )
        .expect_err("exit 3 is a failure")
        .to_string();
        fs::remove_dir_all(&folder).expect("the log's folder goes");
        assert!(error.starts_with("`sh -c"), "{error}");
        assert!(error.contains("): Error: two (all of it"), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_command_ends_with_who_is_killed() {
        const LOG: &str = "XTASK_TEST_LOG";
        // This test as the program that is killed.
        if let Some(log) = std::env::var_os(LOG) {
            let mut command = Command::new("sh");
            command.args(["-c", "echo $$; exec sleep 60"]);
            panic!("{:?}", run(&mut command, Path::new(&log)));
        }
        let folder = std::env::temp_dir().join(format!("xtask-killed-{}", std::process::id()));
        let log = folder.join("log");
        let mut killed = Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "process::tests::a_command_ends_with_who_is_killed",
            ])
            .env(LOG, &log)
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        let limit = Duration::from_secs(20);
        let id = wait_for("the command's id", limit, || {
            let line = fs::read_to_string(&log)?;
            Ok(line.strip_suffix('\n').map(str::to_owned))
        })
        .expect("it runs");
        killed.kill().expect("it was running");
        killed.wait().expect("it is ours");
        wait_for("the command's end", limit, || {
            // Empty where nobody has asked for its exit code.
            let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            Ok(command.is_empty().then_some(()))
        })
        .expect("it ends");
        fs::remove_dir_all(&folder).expect("the log's folder goes");
    }

    #[test]
    #[cfg(unix)]
    fn a_command_that_hangs_is_ended() {
        let folder = std::env::temp_dir().join(format!("xtask-limit-{}", std::process::id()));
        let error = run_within(
            Command::new("sleep").arg("60"),
            &folder.join("log"),
            Duration::from_millis(100),
        )
        .expect_err("it was still running")
        .to_string();
        fs::remove_dir_all(&folder).expect("the log's folder goes");
        assert!(error.contains("did not end"), "{error}");
    }
}
