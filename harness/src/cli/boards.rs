//! `hil boards`.

use std::io::{self, Write as _};

use crate::scenario::BoardKind;

/// Lists what scenarios can run on.
pub(super) fn boards() {
    let mut out = io::stdout().lock();
    for board in BoardKind::ALL {
        let what = match board {
            BoardKind::Native => "the firmware's application as a host process in virtual time",
        };
        // A reader that went away has seen enough.
        let _ = writeln!(out, "{board:<10} {what}");
    }
}
