//! `hil report`.

use std::io::{self, Write as _};

use super::error::CliError;
use super::exit::Exit;
use super::judge;
use super::report_args::{MergeArgs, ReportCommand};
use crate::report::{self, Folder, Loaded, ReportError};
use crate::scenarios;

pub(super) fn report(command: &ReportCommand) -> Result<Exit, CliError> {
    match command {
        ReportCommand::Merge(args) => merge(args),
        ReportCommand::Schema => schema(),
    }
}

/// Writes one report of several, and ends as one run of all would have.
fn merge(args: &MergeArgs) -> Result<Exit, CliError> {
    let parts = args.parts.iter().map(|path| report::load(path));
    let parts: Vec<Loaded> = parts.collect::<Result<_, _>>()?;
    let merged = report::merge(&parts, scenarios::all())?;
    let folder = Folder::prepare(&args.out)?;
    report::write_merged(&merged, &parts, &folder)?;
    let mut out = io::stdout();
    // A reader that went away has seen enough; the exit code still tells.
    let _ = writeln!(out, "{} in {} parts", merged.summary, parts.len());
    let gate = merged.gate(args.strict);
    judge::explain(&gate);
    Ok(gate.ending.into())
}

fn schema() -> Result<Exit, CliError> {
    let text = report::schema().map_err(ReportError::from)?;
    // A reader that went away has seen enough.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(Exit::Success)
}
