//! Which program is meant.

use std::path::PathBuf;

use super::error::BoardCliError;
use crate::board::{ChipKind, PartitionTable, Program};
use crate::firmware_build::{self, Options};

/// The firmware's partition table, from the project's root.
const PARTITIONS: &str = "firmware/esp32/partitions.csv";

/// Files that were named, or not.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The program; without one the firmware is built.
    pub elf: Option<PathBuf>,
    /// The partition table; without one it is the firmware's.
    pub partitions: Option<PathBuf>,
}

impl Sources {
    fn partitions(&self) -> Result<PathBuf, BoardCliError> {
        match &self.partitions {
            Some(path) => Ok(path.clone()),
            None => Ok(firmware_build::root()?.join(PARTITIONS)),
        }
    }

    /// The partition table, checked.
    ///
    /// # Errors
    /// See [`BoardCliError`].
    pub fn table(&self) -> Result<PartitionTable, BoardCliError> {
        Ok(PartitionTable::read(&self.partitions()?)?)
    }
}

/// The program with its partition table, checked; built first when none was named.
///
/// # Errors
/// See [`BoardCliError`].
pub fn program(sources: &Sources, chip: ChipKind) -> Result<Program, BoardCliError> {
    let table = sources.partitions()?;
    let elf = match &sources.elf {
        Some(elf) => elf.clone(),
        None => firmware_build::build(&Options::default(), &mut |_| {})?.elf,
    };
    Ok(Program::load(&elf, &table, chip)?)
}
