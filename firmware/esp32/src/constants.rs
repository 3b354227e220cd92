//! Written by `build.rs`.

use core::hint::black_box;

include!(concat!(env!("OUT_DIR"), "/constants.rs"));

/// [`BUILD_TIME`] under a name that a test bench finds in the ELF: a device rightly refuses a
/// network's time that lies before its own build, so a simulated network has to know it.
#[expect(unsafe_code, reason = "a symbol without mangling")]
// SAFETY: no other symbol of the image has this name, or it would not link.
#[unsafe(no_mangle)]
static FIRMWARE_BUILD_TIME: u64 = BUILD_TIME;

/// When the image was built: seconds since 1970-01-01 UTC.
pub(crate) fn build_time() -> u64 {
    // Read from the static, which the linker would drop otherwise.
    *black_box(&FIRMWARE_BUILD_TIME)
}

const _: () = assert!(
    SETTINGS_SIZE == firmware_settings::PARTITION_SIZE,
    "the partition `settings` of partitions.csv must have PARTITION_SIZE bytes"
);
const _: () = assert!(
    SETTINGS_OFFSET.is_multiple_of(4096) && SETTINGS_OFFSET >= 0x9000,
    "the partition `settings` must start on a sector behind the partition table"
);
