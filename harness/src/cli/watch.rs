//! `hil watch`.

use std::ffi::OsString;

use super::args::WatchArgs;
use super::error::CliError;
use super::exit::Exit;
use super::interrupt::on_interrupt;
use super::say::say;
use crate::watch::{self, Options, WatchError};

/// Watches until it is told to stop, which is its ordinary end.
pub(super) fn watch(args: &WatchArgs) -> Result<Exit, CliError> {
    let options = Options {
        root: None,
        filters: args.filters.clone(),
        boards: args.boards.clone(),
        arguments: arguments(args),
    };
    watch::watch(
        &options,
        |text| say(format_args!("{text}")),
        |stop| on_interrupt(stop).map_err(WatchError::from),
    )?;
    Ok(Exit::Success)
}

/// What is for `hil run` alone.
fn arguments(args: &WatchArgs) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut pass = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    if let Some(jobs) = args.jobs {
        pass("--jobs", jobs.to_string().into());
    }
    if let Some(config) = &args.config {
        pass("--config", config.into());
    }
    if let Some(report) = &args.report {
        pass("--report", report.into());
    }
    pass("--seed", args.seed.to_string().into());
    arguments
}
