//! What is wrong with a configuration, where, and what to write instead.

use std::io;
use std::path::PathBuf;

use super::position::Position;

/// A configuration that cannot be used: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(
        "cannot read {}: {source}; give the path of a board file with --config, or leave it out",
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
        problem: Box<Problem>,
    },
}

/// What is wrong at one place of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, a key that does not exist, a value of the wrong type.
    #[error("{0}")]
    Syntax(String),
    /// A name that is empty or cannot stand in a report's path.
    #[error(
        "`{0}` is no board name: use 1 to 64 letters, digits, `-`, `_` or `.`, a letter or digit \
         first"
    )]
    Name(String),
    /// A name of a board of ours.
    #[error("`{0}` is the name of a simulated board, which needs no entry: choose another name")]
    Reserved(String),
    /// Two boards with one name.
    #[error("there is a board named `{name}` already, at line {first}: rename one")]
    DuplicateName {
        /// The name.
        name: String,
        /// Line of the first one.
        first: usize,
    },
    /// Two boards on one probe or port.
    #[error("{what} `{value}` belongs to the board `{board}` already: each board has its own")]
    Shared {
        /// `probe` or `serial port`.
        what: &'static str,
        /// The selector or path.
        value: String,
        /// The other board.
        board: String,
    },
    /// A chip without a memory map of ours.
    #[error("unknown chip `{name}`; known chips: {}", known.join(", "))]
    Chip {
        /// As given.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// Not a selector.
    #[error(
        "`{0}` is no probe selector: write VID:PID or VID:PID:SERIAL, in hexadecimal, as \
         `cargo hil boards` prints them"
    )]
    Probe(String),
    /// A path that is empty.
    #[error("{key} is empty: give the path of a serial port, or leave the key out")]
    EmptyPath {
        /// The key.
        key: &'static str,
    },
    /// A rate no UART here has.
    #[error("baud is {value}, it must lie between {min} and {max} bits per second")]
    Baud {
        /// As given.
        value: i64,
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
    },
    /// A real modem without the line to the firmware.
    #[error(
        "modem = {{ real = … }} passes bytes between a real modem and the firmware: name the \
         firmware's side too, with modem_port"
    )]
    RealModemAlone,
}
