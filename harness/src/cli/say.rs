//! Messages on standard error.

use std::fmt;
use std::io::{self, Write as _};

/// Writes a line to standard error. `eprintln!` would panic when nobody reads it any more.
pub(super) fn say(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}
