//! `hil report`.

use std::io::{self, Write as _};

use super::error::CliError;
use super::exit::Exit;
use super::report_args::ReportCommand;
use crate::report::{self, ReportError};

pub(super) fn report(command: &ReportCommand) -> Result<Exit, CliError> {
    match command {
        ReportCommand::Schema => schema(),
    }
}

fn schema() -> Result<Exit, CliError> {
    let text = report::schema().map_err(ReportError::from)?;
    // A reader that went away has seen enough.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(Exit::Success)
}
