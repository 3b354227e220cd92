//! The flash chip and its partition table.

use esp_bootloader_esp_idf::partitions::{
    self, DataPartitionSubType, FlashStorage, PARTITION_TABLE_MAX_LEN, PartitionEntry,
    RawPartitionType,
};
use esp_hal::peripherals::FLASH;

/// The flash chip.
pub type Flash = FlashStorage<'static>;

/// The ROM copies whole words: aligned buffers spare it a detour over the stack.
#[repr(align(4))]
pub(crate) struct Aligned<const N: usize>(pub(crate) [u8; N]);

/// Why a partition was not found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table cannot be read.
    #[error("cannot read the partition table at 0x8000: {0}. Flash the image with its table again")]
    Table(partitions::Error),
    /// No data partition has this name.
    #[error(
        "the partition table has no data partition named {0}. Flash the image together with \
         partitions.csv"
    )]
    Missing(&'static str),
}

/// Takes the flash chip. To be called once.
pub fn open(flash: FLASH<'static>) -> Flash {
    FlashStorage::new(flash)
}

/// The data partition called `label`.
pub fn find(flash: &mut Flash, label: &'static str) -> Result<PartitionEntry, Error> {
    let mut table = Aligned([0; PARTITION_TABLE_MAX_LEN]);
    partitions::read_partition_table(flash, &mut table.0)
        .map_err(Error::Table)?
        .iter()
        .find(|entry| is_called(entry, label))
        .ok_or(Error::Missing(label))
}

/// By raw values: the typed accessors panic on kinds of partition they do not know.
fn is_called(entry: &PartitionEntry, label: &str) -> bool {
    let found = entry.label();
    let length = found
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(found.len());
    found[..length] == *label.as_bytes()
        && entry.raw_type() == RawPartitionType::Data as u8
        && entry.raw_subtype() == DataPartitionSubType::Undefined as u8
}
