//! Arguments of `hil report`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum ReportCommand {
    /// Print the JSON schema of report.json
    Schema,
}
