//! `hil emulate`.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use virtual_esp32c3::emulate::{self, Options, Outcome};

use super::board_args::EmulateArgs;
use super::error::CliError;
use super::exit::Exit;
use super::say::say;

/// Why a program was not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum EmulateError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Program {
        path: PathBuf,
        source: emulate::EmulateError,
    },
}

/// Runs a bare program on the virtual core. What it prints goes to standard output, how it ended
/// to standard error.
pub(super) fn emulate(args: &EmulateArgs) -> Result<Exit, CliError> {
    let path = || args.elf.clone();
    let elf = fs::read(&args.elf).map_err(|source| EmulateError::Read {
        path: path(),
        source,
    })?;
    let options = Options {
        tohost: args.tohost.clone(),
        instructions: args.max_instructions,
        traps: args.max_traps,
        ..Options::default()
    };
    let report = emulate::run(&elf, &options).map_err(|source| EmulateError::Program {
        path: path(),
        source,
    })?;
    // A reader that went away has seen enough.
    let _ = io::stdout().write_all(&report.output);
    say(format_args!(
        "{} at pc {:#010x} after {} instructions and {} traps",
        report.outcome, report.pc, report.instructions, report.traps
    ));
    Ok(match report.outcome {
        Outcome::Passed => Exit::Success,
        _ => Exit::Failed,
    })
}
