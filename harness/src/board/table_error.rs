//! What is wrong with a partition table, and at which line.

use std::io;
use std::path::PathBuf;

use firmware_settings::PARTITION_SIZE;

use super::partitions::{FIRST_OFFSET, TABLE_OFFSET};

/// A table that cannot be used: exit code 2, nothing was flashed.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read the partition table {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is wrong at this line.
    #[error("{}:{line}: {problem}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        problem: TableProblem,
    },
    /// Something is not in it.
    #[error("{}: {problem}", path.display())]
    Lacks {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        problem: TableProblem,
    },
}

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableProblem {
    /// Another kind of file.
    #[error(
        "this is no text: a partition table is given in CSV form, as firmware/esp32/partitions.csv; \
         ESP-IDF's gen_esp32part.py turns a binary one into CSV"
    )]
    NotText,
    /// A row of another shape.
    #[error("expected `name, type, subtype, offset, size` and perhaps flags, found {0} columns")]
    Columns(usize),
    /// A name that does not fit.
    #[error("`{0}` is no partition name: 1 to 16 bytes")]
    Name(String),
    /// A name given twice.
    #[error("there is a partition `{name}` already, at line {first}")]
    DuplicateName {
        /// The name.
        name: String,
        /// Line of the first one.
        first: usize,
    },
    /// A type that is neither a word nor a number.
    #[error("`{0}` is no partition type: `app`, `data`, or a number from 0 to 254")]
    Type(String),
    /// Not a number.
    #[error("{what} `{value}` is no number like 0x9000, 36864, 24K or 1M")]
    Number {
        /// `offset` or `size`.
        what: &'static str,
        /// As given.
        value: String,
    },
    /// A place a partition cannot have.
    #[error("offset {offset:#x} of `{name}` is no multiple of {alignment:#x}")]
    Alignment {
        /// The partition.
        name: String,
        /// As given.
        offset: u32,
        /// What it has to be a multiple of.
        alignment: u32,
    },
    /// A partition of nothing, or of part of a sector.
    #[error("size {size:#x} of `{name}` is no multiple of 0x1000, or zero, or beyond 4 GB")]
    Size {
        /// The partition.
        name: String,
        /// As given.
        size: u32,
    },
    /// Two partitions in one place.
    #[error("`{name}` starts at {offset:#x}, inside `{other}`, which ends at {end:#x}")]
    Overlap {
        /// The partition.
        name: String,
        /// Its start.
        offset: u32,
        /// The one it overlaps.
        other: String,
        /// The end of that.
        end: u32,
    },
    /// The table itself would be put elsewhere.
    #[error(
        "the lowest partition, `{name}`, starts at {offset:#x}, expected {FIRST_OFFSET:#x}: the \
         table goes into the sector before it, and the bootloader looks for it at \
         {TABLE_OFFSET:#x}"
    )]
    First {
        /// The lowest partition.
        name: String,
        /// Its start.
        offset: u32,
    },
    /// No program could be flashed.
    #[error("it has no partition of type app: there is no place for the program")]
    NoApp,
    /// No settings could be written.
    #[error(
        "it has no row `settings, data, undefined, …, {PARTITION_SIZE:#x}`: this is not the table \
         of this firmware"
    )]
    NoSettings,
    /// The firmware expects another size.
    #[error("`settings` has {size} bytes, the firmware expects {PARTITION_SIZE}")]
    SettingsSize {
        /// As given.
        size: u32,
    },
}
