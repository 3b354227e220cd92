//! Writes `constants.rs`: when the image was built, and where the settings lie in flash. Adds what
//! the images of `tests/` need from the linker.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=../app/src");
    println!("cargo::rerun-if-changed=partitions.csv");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    // Only for `tests/`: the list of tests that an embedded-test image carries. The defmt-test image
    // gets it too, and has nothing to put there.
    println!("cargo::rustc-check-cfg=cfg(rust_analyzer)"); // in what embedded-test writes
    println!("cargo::rustc-link-arg-tests=-Tembedded-test.x");
    if let Err(problem) = generate() {
        println!("cargo::error={problem}");
    }
}

fn generate() -> Result<(), String> {
    let build_time = build_time()?;
    let csv = fs::read_to_string("partitions.csv").map_err(|e| format!("partitions.csv: {e}"))?;
    let (offset, size) = settings_partition(&csv)?;
    let out = env::var("OUT_DIR").map_err(|e| format!("OUT_DIR: {e}"))?;
    let text = format!(
        "/// When the image was built: seconds since 1970-01-01 UTC.\n\
         const BUILD_TIME: u64 = {build_time};\n\
         /// Offset in flash of the partition `settings`, as in `partitions.csv`.\n\
         pub(crate) const SETTINGS_OFFSET: u32 = {offset:#x};\n\
         /// Size in bytes of the partition `settings`, as in `partitions.csv`.\n\
         pub(crate) const SETTINGS_SIZE: usize = {size:#x};\n"
    );
    fs::write(Path::new(&out).join("constants.rs"), text).map_err(|e| format!("constants.rs: {e}"))
}

/// `SOURCE_DATE_EPOCH` where it is set, as reproducible builds do, else now.
fn build_time() -> Result<u64, String> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(value) => value.trim().parse().map_err(|_| {
            format!("SOURCE_DATE_EPOCH is {value:?}, expected whole seconds since 1970-01-01 UTC")
        }),
        Err(env::VarError::NotPresent) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map(|since| since.as_secs())
            .map_err(|_| "the clock of this machine stands before 1970: set it".to_owned()),
        Err(error) => Err(format!("SOURCE_DATE_EPOCH: {error}")),
    }
}

/// Offset and size of the row `settings`.
fn settings_partition(csv: &str) -> Result<(u32, u32), String> {
    let rows = csv
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'));
    for row in rows {
        let columns: Vec<&str> = row.split(',').map(str::trim).collect();
        if let ["settings", "data", "undefined", offset, size, ..] = columns[..] {
            return Ok((hexadecimal(offset)?, hexadecimal(size)?));
        }
    }
    Err("partitions.csv has no row `settings, data, undefined, 0x…, 0x…`".to_owned())
}

fn hexadecimal(value: &str) -> Result<u32, String> {
    value
        .strip_prefix("0x")
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .ok_or_else(|| format!("partitions.csv: {value:?} is not a number like 0x9000"))
}
