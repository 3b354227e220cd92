//! Reports as others read them: by their schema, by earlier versions, from folders that are wrong.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod bad_input;
mod junit;
mod schema;
mod validate;
mod versions;

use std::path::PathBuf;

/// A file or folder beside this one.
fn fixture(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports")).join(path)
}
