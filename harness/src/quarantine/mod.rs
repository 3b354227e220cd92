//! `quarantine.toml`: scenarios that do not gate for a while, and those that are gone on purpose.
//!
//! ```toml
//! [[quarantine]]
//! scenario = "T28::half_open"      # exactly, as `cargo hil run --list` shows it behind the board
//! board = "desk-c3"                # optional: on this board only
//! reason = "the bench's switch drops frames; a new one is ordered"
//! owner = "bench@example.org"
//! issue = "https://example.org/issues/17"   # optional
//! expires = 2026-12-31             # its last day, in UTC
//!
//! [[removed]]                      # for as long as a baseline still has it
//! scenario = "T31::old_story"
//! reason = "covered by T28"
//! owner = "bench@example.org"
//! ```
//!
//! A scenario in quarantine runs and is reported, but does not gate. An entry that has expired is a
//! failure, so that nobody forgets it. What is wrong with the file is told with line and column.

mod error;
mod file;

use std::path::Path;

pub use error::{Problem, QuarantineError};
pub use file::{Entry, Hold, Quarantine, Removed};

/// Name of the file beside `hil.toml`.
pub const FILE_NAME: &str = "quarantine.toml";

/// Reads the file: `given`, else `quarantine.toml` in the folder of the boards' configuration
/// `config`, that of the current one where none is given, else none.
///
/// # Errors
/// [`QuarantineError`] when the file cannot be read, when a given one is not there, and for
/// everything that is wrong in it.
pub fn load(given: Option<&Path>, config: Option<&Path>) -> Result<Quarantine, QuarantineError> {
    if let Some(path) = given {
        return Quarantine::read(path);
    }
    let folder = config
        .and_then(Path::parent)
        .unwrap_or_else(|| Path::new(""));
    let path = folder.join(FILE_NAME);
    match path.try_exists() {
        Ok(false) => Ok(Quarantine::default()),
        _ => Quarantine::read(&path),
    }
}
