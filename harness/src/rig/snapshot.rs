//! Snapshots of a scenario, the same files for every board.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::{Result, anyhow};

/// Where the accepted snapshots are kept.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");

/// Compares `text` with the accepted snapshot `name`.
///
/// # Errors
/// When they differ or none was accepted yet; the difference is printed by `insta`.
pub(super) fn compare(name: &str, text: &str) -> Result<()> {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(FOLDER));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // insta reports by panicking; a scenario reports by its result.
    let compared = catch_unwind(AssertUnwindSafe(|| {
        settings.bind(|| insta::assert_snapshot!(name, text));
    }));
    compared.map_err(|_| {
        anyhow!("snapshot `{name}` differs from {FOLDER}/{name}.snap (see the difference above)")
    })
}
