//! `hil build`.

use super::args::BuildArgs;
use super::error::CliError;
use super::exit::Exit;
use crate::firmware_build;

/// Builds the firmware. A firmware that does not compile is a failure like a failed scenario; a
/// toolchain that does not work is infrastructure.
pub(super) fn build(args: &BuildArgs) -> Result<Exit, CliError> {
    firmware_build::command(args.quiet, args.crates)?;
    Ok(Exit::Success)
}
