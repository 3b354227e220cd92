//! What is wrong with a quarantine file, where, and what to write instead.

use std::io;
use std::path::PathBuf;

use crate::config::Position;

/// A quarantine file that cannot be used: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The file cannot be read.
    #[error(
        "cannot read {}: {source}; give the path of a quarantine file with --quarantine, or leave \
         it out",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is wrong at this place.
    #[error("{}:{position}: {problem}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// The place.
        position: Position,
        /// What is wrong there.
        problem: Problem,
    },
}

/// What is wrong at one place of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, a key that does not exist, a value of the wrong type.
    #[error("{0}")]
    Syntax(String),
    /// No scenario has this name.
    #[error(
        "no scenario is named `{name}`; closest: {closest}. Write it as `cargo hil run --list` shows \
         it behind the board"
    )]
    Unknown {
        /// As given.
        name: String,
        /// The scenario that looks most like it.
        closest: String,
    },
    /// A scenario that is said to be gone is there.
    #[error("`{0}` is said to be removed, but it is there: remove this entry")]
    NotRemoved(String),
    /// Two entries for the same scenario on the same board.
    #[error("`{name}` has an entry already, at line {first}: keep one")]
    Duplicate {
        /// The scenario.
        name: String,
        /// Line of the first one.
        first: usize,
    },
    /// Nobody or nothing is named.
    #[error("{key} is empty: say {what}")]
    Empty {
        /// The key.
        key: &'static str,
        /// What belongs there.
        what: &'static str,
    },
    /// A time of day, or no day of the calendar.
    #[error("`{0}` is no date: write the last day without quotes, as 2026-12-31")]
    Date(String),
}
