//! `hil board serve`.

use std::io;

use super::board_args::{BoardCommand, ServeArgs};
use super::error::CliError;
use super::exit::Exit;
use super::interrupt::on_interrupt;
use crate::board::ChipKind;
use crate::board_cli::{self, BoardCliError, SettingsFile, Sources};
use crate::desk::{self, Config, ServeError};

pub(super) fn board(command: &BoardCommand) -> Result<Exit, CliError> {
    match command {
        BoardCommand::Serve(args) => serve(args),
    }
}

/// Serves a virtual board until Ctrl-C, which is its ordinary end.
fn serve(args: &ServeArgs) -> Result<Exit, CliError> {
    let program = match &args.flash {
        None => None,
        Some(elf) => {
            let sources = Sources {
                elf: Some(elf.clone()),
                partitions: args.partitions.clone(),
            };
            Some(board_cli::program(&sources, ChipKind::Esp32c3)?)
        }
    };
    let settings = match &args.settings {
        None => None,
        Some(path) => {
            let settings = SettingsFile::read(path).map_err(BoardCliError::from)?;
            Some(settings.partition().map_err(BoardCliError::Encode)?)
        }
    };
    let config = Config {
        probe_port: args.probe_port,
        link: args.pty.clone(),
        program,
        settings,
        baud: args.baud,
        seed: args.seed,
    };
    desk::serve(&config, &mut io::stdout(), io::stderr(), |stop| {
        on_interrupt(move || stop.stop()).map_err(ServeError::from)
    })?;
    Ok(Exit::Success)
}
