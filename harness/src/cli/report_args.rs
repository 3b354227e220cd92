//! Arguments of `hil report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(super) enum ReportCommand {
    /// Make one report of the parts of a run that was shared with --partition, and judge it
    Merge(MergeArgs),
    /// Print the JSON schema of report.json
    Schema,
    /// Write index.html again, of a report folder's other files
    Html(HtmlArgs),
    /// Compare two reports and tell in Markdown what changed; ends with 1 when something got worse
    Diff(DiffArgs),
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Report to compare with: its folder, or its report.json alone, without transcripts
    pub(super) base: PathBuf,
    /// Report to judge
    pub(super) head: PathBuf,
    /// Write into this file, as a whole or not at all, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// How much worse figures may get [default: hil-thresholds.toml in this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(super) thresholds: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct HtmlArgs {
    /// A folder that `cargo hil run --report` wrote
    #[arg(value_name = "FOLDER")]
    pub(super) folder: PathBuf,
    /// A report whose figures are shown beside those of this one
    #[arg(long, value_name = "REPORT")]
    pub(super) baseline: Option<PathBuf>,
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
