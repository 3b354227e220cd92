//! The image for the boards that need one.

use super::args::RunArgs;
use super::error::CliError;
use super::say::say;
use crate::board::{Firmware, FirmwareError};
use crate::firmware_build::{self, Progress};
use crate::runner::Job;
use crate::scenario::Board;

/// Builds the firmware if any job needs it.
///
/// On a machine that cannot build it, jobs for the virtual board that nobody asked for by name
/// become jobs for the native one, with a notice. In CI that is an error: a run that leaves the
/// image out must not be green.
pub(super) fn prepare(jobs: &mut Vec<Job>, args: &RunArgs) -> Result<Option<Firmware>, CliError> {
    if !jobs.iter().any(|job| job.board.needs_image()) {
        return Ok(None);
    }
    if let Some(elf) = &args.firmware {
        return Ok(Some(Firmware::beside_table(elf)?));
    }
    let error = match build(args.quiet) {
        Ok(firmware) => return Ok(Some(firmware)),
        Err(error) => error,
    };
    let toolchain = matches!(&error, FirmwareError::Build(error) if error.is_infrastructure());
    let by_default = args.boards.is_empty() && jobs.iter().all(|job| job.board == Board::Virtual);
    if !toolchain || !by_default || is_ci() {
        return Err(error.into());
    }
    say(format_args!(
        "NOTICE: the firmware's image cannot be built on this machine:\n{error}\n\
         NOTICE: running on `native` instead of `virtual`: the application alone, without chip, \
         drivers and image\n"
    ));
    for job in jobs {
        job.board = Board::Native;
    }
    Ok(None)
}

/// The image, built where anything changed; says so unless `quiet`.
pub(super) fn build(quiet: bool) -> Result<Firmware, FirmwareError> {
    Firmware::build(
        &firmware_build::Options::default(),
        &mut announce(quiet, "the firmware"),
    )
}

/// Says what takes long about building `what`.
pub(super) fn announce(quiet: bool, what: &'static str) -> impl FnMut(Progress) {
    let mut announced = false;
    move |step| match step {
        Progress::FetchingRustSrc { channel } => say(format_args!(
            "The source of the standard library is missing: fetching it with\n    \
             rustup component add rust-src --toolchain {channel}"
        )),
        Progress::Cargo { line, .. } if line.starts_with("Compiling") && !announced && !quiet => {
            announced = true;
            say(format_args!(
                "building {what} (some two minutes the first time) ..."
            ));
        }
        Progress::Cargo { .. } => {}
    }
}

/// As CI services set it.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
