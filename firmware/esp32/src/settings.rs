//! Reads the flash partition `settings`. Nothing here writes to flash.

use esp_bootloader_esp_idf::partitions::{
    self, DataPartitionSubType, FlashStorage, PARTITION_TABLE_MAX_LEN, PartitionEntry,
    RawPartitionType,
};
use esp_hal::peripherals::FLASH;
use firmware_settings::PARTITION_SIZE;
use static_cell::ConstStaticCell;

/// Name of the partition, in the table and in `partitions.csv`.
const LABEL: &[u8] = b"settings";

/// The ROM copies whole words: aligned buffers spare it a detour over the stack.
#[repr(align(4))]
struct Aligned<const N: usize>([u8; N]);

static SETTINGS: ConstStaticCell<Aligned<PARTITION_SIZE>> =
    ConstStaticCell::new(Aligned([0; PARTITION_SIZE]));

/// Why the partition could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read the partition table at 0x8000: {0}. Flash the image with its table again")]
    Table(partitions::Error),
    #[error(
        "the partition table has no data partition named settings. Flash the image together with \
         partitions.csv"
    )]
    Missing,
    #[error(
        "the partition settings has {0} bytes, expected {PARTITION_SIZE}. Flash the image together \
         with its own partitions.csv"
    )]
    Size(u32),
    #[error("cannot read the partition settings at {offset:#x}: {error}")]
    Read {
        offset: u32,
        error: partitions::Error,
    },
}

/// The bytes of the partition, whatever they hold. To be called once.
pub(crate) fn read(flash: FLASH<'static>) -> Result<&'static [u8], Error> {
    let mut flash = FlashStorage::new(flash);
    let mut table = Aligned([0; PARTITION_TABLE_MAX_LEN]);
    let entry = partitions::read_partition_table(&mut flash, &mut table.0)
        .map_err(Error::Table)?
        .iter()
        .find(is_settings)
        .ok_or(Error::Missing)?;
    if entry.len() as usize != PARTITION_SIZE {
        return Err(Error::Size(entry.len()));
    }
    let buffer = &mut SETTINGS.take().0;
    entry
        .as_flash_region(&mut flash)
        .read(0, buffer)
        .map_err(|error| Error::Read {
            offset: entry.offset(),
            error,
        })?;
    Ok(buffer)
}

/// By raw values: the typed accessors panic on kinds of partition they do not know.
fn is_settings(entry: &PartitionEntry) -> bool {
    let label = entry.label();
    let length = label
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(label.len());
    label[..length] == *LABEL
        && entry.raw_type() == RawPartitionType::Data as u8
        && entry.raw_subtype() == DataPartitionSubType::Undefined as u8
}
