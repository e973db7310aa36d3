//! `cargo xtask symbolicate`: see the usage below.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use sightline_symbolicate::{Maps, symbolicate};

const HELP: &str = "\
Usage: cargo xtask symbolicate --maps FOLDER [--maps FOLDER…] [FILE]

Takes a stack, from a file or the standard input, back to the lines of the source
by the scripts and source maps in the folders and below: those that the build of
this release has left, such as .next/sightline/maps. A script is found by the end
of its path; its map is the one that it names, or the one beside it (app.js.map),
which is enough alone. Lines that are no frame stay as they are.

The exit code is 0 if a frame was found, 1 if none was, 2 for a wrong call.";

fn main() -> ExitCode {
    let mut folders = Vec::new();
    let mut file = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            "--maps" => match arguments.next() {
                Some(folder) => folders.push(PathBuf::from(folder)),
                None => return wrong("--maps takes a folder"),
            },
            flag if flag.starts_with("--") => return wrong(&format!("no option `{flag}`")),
            path if file.is_none() => file = Some(PathBuf::from(path)),
            _ => return wrong("one file at a time"),
        }
    }
    if folders.is_empty() {
        return wrong("no --maps");
    }
    match run(&folders, file) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn wrong(why: &str) -> ExitCode {
    eprintln!("error: {why}; see cargo xtask symbolicate --help");
    ExitCode::from(2)
}

fn run(folders: &[PathBuf], file: Option<PathBuf>) -> Result<bool> {
    let stack = match &file {
        Some(file) => {
            std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?
        }
        None => {
            let mut stack = String::new();
            std::io::stdin()
                .read_to_string(&mut stack)
                .context("read the standard input")?;
            stack
        }
    };
    let mut maps = Maps::below(folders)?;
    anyhow::ensure!(
        !maps.is_empty(),
        "no script and no map in the folders of --maps, or below"
    );
    let symbolicated = symbolicate(&stack, &mut maps)?;
    print!("{}", symbolicated.text);
    for (why, frames) in &symbolicated.missing {
        eprintln!("{frames} frame(s): {why}");
    }
    if symbolicated.found == 0 && symbolicated.missing.is_empty() {
        eprintln!("no line is a frame with a place in a script");
    }
    Ok(symbolicated.found > 0)
}
