//! `hil boards`.

use std::io::{self, Write as _};

use super::board_args::BoardsArgs;
use super::error::CliError;
use super::exit::Exit;
use crate::board_cli::{self, BoardCliError};
use crate::config;
use crate::scenario::BoardKind;

/// Lists what scenarios can run on, and what is plugged in.
pub(super) fn boards(args: &BoardsArgs) -> Result<Exit, CliError> {
    let config = config::load(args.config.as_deref()).map_err(BoardCliError::from)?;
    let mut out = io::stdout().lock();
    for board in BoardKind::ALL {
        let what = match board {
            BoardKind::Native => "the firmware's application as a host process in virtual time",
        };
        // A reader that went away has seen enough.
        let _ = writeln!(out, "{board:<10} {what}");
    }
    let _ = write!(out, "{}", board_cli::list(&config));
    Ok(Exit::Success)
}
