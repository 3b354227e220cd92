//! Reads the flash partition `settings`. Nothing here writes to flash.

use esp_bootloader_esp_idf::partitions;
use firmware_settings::PARTITION_SIZE;
use static_cell::ConstStaticCell;

use crate::flash::{self, Aligned, Flash};

/// Name of the partition, in the table and in `partitions.csv`.
const LABEL: &str = "settings";

static SETTINGS: ConstStaticCell<Aligned<PARTITION_SIZE>> =
    ConstStaticCell::new(Aligned([0; PARTITION_SIZE]));

/// Why the partition could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such partition.
    #[error(transparent)]
    Table(#[from] flash::Error),
    /// It has another size, in bytes.
    #[error(
        "the partition settings has {0} bytes, expected {PARTITION_SIZE}. Flash the image together \
         with its own partitions.csv"
    )]
    Size(u32),
    /// The flash failed.
    #[error("cannot read the partition settings at {offset:#x}: {error}")]
    Read {
        /// Where in flash the partition lies.
        offset: u32,
        /// What the driver said.
        error: partitions::Error,
    },
}

/// The bytes of the partition, whatever they hold. To be called once.
pub fn read(flash: &mut Flash) -> Result<&'static [u8], Error> {
    let entry = flash::find(flash, LABEL)?;
    if entry.len() as usize != PARTITION_SIZE {
        return Err(Error::Size(entry.len()));
    }
    let buffer = &mut SETTINGS.take().0;
    entry
        .as_flash_region(flash)
        .read(0, buffer)
        .map_err(|error| Error::Read {
            offset: entry.offset(),
            error,
        })?;
    Ok(buffer)
}
