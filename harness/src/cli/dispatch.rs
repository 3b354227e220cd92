//! From arguments to a command to an exit code.

use std::ffi::OsString;

use clap::Parser as _;

use super::args::{Cli, Command};
use super::board::board;
use super::boards::boards;
use super::build::build;
use super::doctor::doctor;
use super::emulate::emulate;
use super::error::CliError;
use super::exit::Exit;
use super::flash::{flash, provision};
use super::modem::modem;
use super::monitor::monitor;
use super::report::report;
use super::run::run;
use super::say::say;
use super::soak::soak;
use super::test_target::test_target;
use super::watch::watch;

/// Runs the command that `arguments` (the program's name first) ask for. Messages go to standard
/// error; the process should end with the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version are answers too. A closed output is no reason to complain.
            let _ = answer.print();
            return if answer.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
        }
    };
    command(&cli.command).unwrap_or_else(|error| {
        say(format_args!("error: {error}"));
        error.exit()
    })
}

fn command(command: &Command) -> Result<Exit, CliError> {
    match command {
        Command::Run(args) => run(args),
        Command::Watch(args) => watch(args),
        Command::Report { command } => report(command),
        Command::Soak(args) => soak(args),
        Command::Build(args) => build(args),
        Command::TestTarget(args) => test_target(args),
        Command::Modem(args) => modem(args),
        Command::Doctor => doctor(),
        Command::Boards(args) => boards(args),
        Command::Flash(args) => flash(args),
        Command::Provision(args) => provision(args),
        Command::Monitor(args) => monitor(args),
        Command::Board { command } => board(command),
        Command::Emulate(args) => emulate(args),
        Command::NativeBoard => {
            firmware_native::run_stdio()?;
            Ok(Exit::Success)
        }
    }
}
