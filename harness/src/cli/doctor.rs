//! `hil doctor`.

use std::io::{self, Write as _};

use super::error::CliError;
use super::exit::Exit;
use crate::doctor::{self, Finding, Machine};
use crate::firmware_build;

/// Prints a line for each thing examined; infrastructure is at fault when something is missing.
pub(super) fn doctor() -> Result<Exit, CliError> {
    let root = firmware_build::root()?;
    let channel = firmware_build::channel(&root)?;
    let findings = doctor::examine(&Machine::current(), &root, &channel);
    let mut out = io::stdout().lock();
    for finding in &findings {
        // A reader that went away has seen enough; the exit code still tells.
        let _ = writeln!(out, "{finding}");
    }
    let missing = findings.iter().any(Finding::is_missing);
    Ok(if missing { Exit::Infra } else { Exit::Success })
}
