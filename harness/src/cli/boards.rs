//! `hil boards`.

use std::io::{self, Write as _};

use super::board_args::BoardsArgs;
use super::error::CliError;
use super::exit::Exit;
use crate::board_cli::{self, BoardCliError};
use crate::config;
use crate::scenario::Board;

/// Lists what scenarios can run on, and what is plugged in.
pub(super) fn boards(args: &BoardsArgs) -> Result<Exit, CliError> {
    let config = config::load(args.config.as_deref()).map_err(BoardCliError::from)?;
    let mut out = io::stdout().lock();
    for board in Board::SIMULATED {
        // A reader that went away has seen enough.
        let _ = writeln!(out, "{board:<10} {}", board.description());
    }
    let _ = write!(out, "{}", board_cli::list(&config));
    Ok(Exit::Success)
}
