//! `cargo xtask symbolicate`: the program of the package of that name. It is built
//! when it is first called, so that no other command waits for what it is made of.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::Ended;
use crate::guest::cargo;

pub fn run(arguments: &[String]) -> Result<()> {
    let status = program().args(arguments).status().context("start cargo")?;
    match status.success() {
        true => Ok(()),
        false => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            Err(Ended(code.unwrap_or(1)).into())
        }
    }
}

/// A stack in the words of its source, by the maps below this folder.
pub fn text(stack: &str, maps: &Path) -> Result<String> {
    let mut command = program();
    command.arg("--maps").arg(maps);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().context("start cargo")?;
    let mut input = child.stdin.take().context("its standard input")?;
    // It reads all of it before it says anything.
    input.write_all(stack.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    // 1: no frame was found, and it says which it looked for.
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "symbolicate: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn program() -> Command {
    let mut command = Command::new(cargo());
    command.args([
        "run",
        "--quiet",
        "--locked",
        "--package",
        "sightline-symbolicate",
        "--",
    ]);
    command
}
