//! Arguments of `hil report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(super) enum ReportCommand {
    /// Make one report of the parts of a run that was shared with --partition, and judge it
    Merge(MergeArgs),
    /// Print the JSON schema of report.json
    Schema,
}

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// Where the report goes, replacing an earlier one
    #[arg(value_name = "OUT")]
    pub(super) out: PathBuf,
    /// Folders of the parts
    #[arg(value_name = "DIR", required = true)]
    pub(super) parts: Vec<PathBuf>,
    /// A flaky scenario is a failure
    #[arg(long)]
    pub(super) strict: bool,
}
