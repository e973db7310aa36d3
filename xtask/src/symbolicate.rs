//! `cargo xtask symbolicate`: the program of the package of that name. It is built
//! when it is first called, so that no other command waits for what it is made of.

use std::process::Command;

use anyhow::{Context, Result};

use crate::Ended;
use crate::guest::cargo;

pub fn run(arguments: &[String]) -> Result<()> {
    let mut command = Command::new(cargo());
    command.args([
        "run",
        "--quiet",
        "--locked",
        "--package",
        "sightline-symbolicate",
        "--",
    ]);
    let status = command.args(arguments).status().context("start cargo")?;
    match status.success() {
        true => Ok(()),
        false => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            Err(Ended(code.unwrap_or(1)).into())
        }
    }
}
