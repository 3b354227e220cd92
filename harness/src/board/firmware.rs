//! The firmware's image, with what a bench has to know of it.

use std::path::{Path, PathBuf};

use object::{Object as _, ObjectSegment as _};

use super::chip::ChipKind;
use super::error::BoardError;
use super::program::Program;
use crate::firmware_build::{self, BuildError, Options, Progress};

/// Symbol of the build time in the image: seconds since 1970-01-01 UTC, 64 bits, little endian.
const BUILD_TIME: &str = "FIRMWARE_BUILD_TIME";

/// The firmware, built and checked. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Firmware {
    program: Program,
    build_time: u64,
}

/// Why there is no firmware to run.
#[derive(Debug, thiserror::Error)]
pub enum FirmwareError {
    /// It was not built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// What was built cannot be used.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// It is some other program.
    #[error(
        "{}: no symbol {BUILD_TIME}, so this is not the firmware of this project; \
         `cargo hil build` builds it",
        .0.display()
    )]
    Foreign(PathBuf),
}

impl Firmware {
    /// Builds the firmware, where anything changed, and loads it.
    ///
    /// # Errors
    /// [`FirmwareError`].
    pub fn build(
        options: &Options,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, FirmwareError> {
        let artifact = firmware_build::build(options, on_progress)?;
        Self::load(&artifact.elf, &project_table()?)
    }

    /// Loads the image `elf` with the partition table that is in the same folder as
    /// `partitions.csv`, else with the project's.
    ///
    /// # Errors
    /// [`FirmwareError`].
    pub fn beside_table(elf: &Path) -> Result<Self, FirmwareError> {
        let table = elf.with_file_name("partitions.csv");
        if table.is_file() {
            Self::load(elf, &table)
        } else {
            Self::load(elf, &project_table()?)
        }
    }

    /// Loads the image `elf` with its partition table.
    ///
    /// # Errors
    /// [`FirmwareError`].
    pub fn load(elf: &Path, table: &Path) -> Result<Self, FirmwareError> {
        let program = Program::load(elf, table, ChipKind::Esp32c3)?;
        let build_time =
            build_time(&program).ok_or_else(|| FirmwareError::Foreign(elf.to_owned()))?;
        Ok(Self {
            program,
            build_time,
        })
    }

    /// Image and partition table.
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// When it was built, in seconds since 1970-01-01 UTC. The device takes no earlier time for
    /// true.
    pub const fn build_time(&self) -> u64 {
        self.build_time
    }
}

fn project_table() -> Result<PathBuf, BuildError> {
    Ok(firmware_build::root()?.join("firmware/esp32/partitions.csv"))
}

fn build_time(program: &Program) -> Option<u64> {
    let image = program.image();
    let (address, size) = image.symbol(BUILD_TIME)?;
    let file = object::File::parse(image.bytes()).ok()?;
    let bytes = file
        .segments()
        .find_map(|segment| segment.data_range(address, size).ok().flatten())?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}
