//! Written by `build.rs`.

include!(concat!(env!("OUT_DIR"), "/constants.rs"));

const _: () = assert!(
    SETTINGS_SIZE == firmware_settings::PARTITION_SIZE,
    "the partition `settings` of partitions.csv must have PARTITION_SIZE bytes"
);
const _: () = assert!(
    SETTINGS_OFFSET.is_multiple_of(4096) && SETTINGS_OFFSET >= 0x9000,
    "the partition `settings` must start on a sector behind the partition table"
);
