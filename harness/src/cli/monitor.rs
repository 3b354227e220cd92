//! `hil monitor`.

use std::io;

use super::board_args::MonitorArgs;
use super::error::CliError;
use super::exit::Exit;
use super::interrupt::on_interrupt;
use crate::board_cli::{self, BoardCliError, Sources, Stop};
use crate::config;

/// Shows a board's log until Ctrl-C, which is its ordinary end.
pub(super) fn monitor(args: &MonitorArgs) -> Result<Exit, CliError> {
    let config = config::load(args.choice.config.as_deref()).map_err(BoardCliError::from)?;
    let sources = Sources {
        elf: args.elf.clone(),
        partitions: None,
    };
    let stop = Stop::default();
    on_interrupt({
        let stop = stop.clone();
        move || stop.stop()
    })?;
    let name = args.choice.board.as_deref();
    let shown = board_cli::monitor(
        &config,
        name,
        &sources,
        args.reset,
        &mut io::stdout(),
        &stop,
    );
    match shown {
        // Nobody reads any more: there is nothing left to do.
        Err(BoardCliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(Exit::Success)
        }
        shown => {
            shown?;
            Ok(Exit::Success)
        }
    }
}
