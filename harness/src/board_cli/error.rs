//! What ends one of these commands.

use std::io;

use super::settings_file::SettingsFileError;
use crate::board::{BoardError, LeaseError, LineError, TableError};
use crate::config::ConfigError;
use crate::firmware_build::BuildError;

/// Why a command on a board ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BoardCliError {
    /// The list of boards is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No board is listed.
    #[error(
        "no board to work on: there is no hil.toml here, or no board in it. Write one:\n\n\
         [[board]]\n\
         name = \"desk-c3\"\n\
         chip = \"esp32c3\"\n\
         probe = \"303a:1001\"\n\n\
         `cargo hil boards` lists the probes of this machine; `cargo hil board serve` makes a \
         virtual board that looks like a real one"
    )]
    NoBoard,
    /// Several boards are listed and none was named.
    #[error("which board? Name one with --board: {}", known.join(", "))]
    WhichBoard {
        /// What there is.
        known: Vec<String>,
    },
    /// No board of that name is listed.
    #[error("unknown board `{name}`; hil.toml lists: {}", known.join(", "))]
    UnknownBoard {
        /// As given.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A board of ours, which needs none of this.
    #[error(
        "`{0}` is simulated and made anew for each scenario: there is nothing to write to or to \
         listen to. `cargo hil board serve` makes a virtual board that stays"
    )]
    Simulated(String),
    /// The board, or a file for it, is at fault.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The firmware could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsFileError),
    /// Checked settings that do not fit their partition after all.
    #[error("cannot encode the settings: {0}")]
    Encode(firmware_settings::EncodeError),
    /// The serial line is at fault.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Ctrl-C cannot be watched for.
    #[error("cannot watch for Ctrl-C: {0}")]
    Signals(#[from] ctrlc::Error),
    /// Nobody takes what is printed.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

impl BoardCliError {
    /// Whether something given by the user is wrong, as opposed to the bench.
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Config(_)
            | Self::NoBoard
            | Self::WhichBoard { .. }
            | Self::UnknownBoard { .. }
            | Self::Simulated(_)
            | Self::Settings(_) => true,
            Self::Board(error) => error.is_usage(),
            _ => false,
        }
    }
}

impl From<LeaseError> for BoardCliError {
    fn from(error: LeaseError) -> Self {
        Self::Board(error.into())
    }
}

impl From<TableError> for BoardCliError {
    fn from(error: TableError) -> Self {
        Self::Board(error.into())
    }
}
