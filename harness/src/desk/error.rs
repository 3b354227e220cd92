//! What ends a served board.

use std::io;
use std::path::PathBuf;

use virtual_esp32c3_probe::{BmpError, DeskError};

use crate::board::BoardError;
use crate::board_cli::BoardCliError;

/// Why there is no board on the desk, or no longer one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The program or the settings to begin with.
    #[error(transparent)]
    Begin(#[from] BoardCliError),
    /// The board could not be flashed.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The port of the debug probe.
    #[error("{0}; choose another with --probe-port, or leave it out")]
    Probe(#[from] BmpError),
    /// The board's thread.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// No serial port.
    #[error("cannot make a pseudo-terminal: {0}; `cargo hil doctor` says more")]
    Pty(serialport::Error),
    /// The serial port cannot be made known under the wanted path.
    #[error("cannot make the link {}: {source}", path.display())]
    Link {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else is under the wanted path.
    #[error("{} is there already and no link: give another path with --pty", .0.display())]
    LinkTaken(PathBuf),
    /// Nobody takes the board's description.
    #[error("cannot tell where the board is: {0}")]
    Announce(io::Error),
    /// Ctrl-C cannot be watched for.
    #[error("cannot watch for Ctrl-C: {0}")]
    Signals(#[from] ctrlc::Error),
    /// The board's thread or serial port ended by itself.
    #[error("the virtual board ended by itself: {0}")]
    Ended(String),
}

impl ServeError {
    /// Whether something given by the user is wrong, as opposed to the machine.
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Begin(error) => error.is_usage(),
            Self::Board(error) => error.is_usage(),
            Self::LinkTaken(_) => true,
            _ => false,
        }
    }
}
