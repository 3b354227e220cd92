//! `hil report`.

use std::io::{self, Write as _};
use std::path::Path;

use super::error::CliError;
use super::exit::Exit;
use super::judge;
use super::report_args::{DiffArgs, HtmlArgs, MergeArgs, ReportCommand};
use super::say::say;
use crate::report::{self, Folder, Loaded, ReportError, Thresholds};
use crate::scenarios;

pub(super) fn report(command: &ReportCommand) -> Result<Exit, CliError> {
    match command {
        ReportCommand::Merge(args) => merge(args),
        ReportCommand::Schema => schema(),
        ReportCommand::Diff(args) => diff(args),
        ReportCommand::Html(args) => html(args),
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

/// Artefacts and figures stay as they are.
fn html(args: &HtmlArgs) -> Result<Exit, CliError> {
    let loaded = report::load(&args.folder)?;
    let baseline = args.baseline.as_deref().map(report::load).transpose()?;
    let baseline = baseline.map(|baseline| baseline.report);
    let path = report::write_html(&loaded, baseline.as_ref())?;
    say(format_args!("{}", path.display()));
    Ok(Exit::Success)
}

fn schema() -> Result<Exit, CliError> {
    let text = report::schema().map_err(ReportError::from)?;
    // A reader that went away has seen enough.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(Exit::Success)
}

/// Thresholds where no file is named.
const THRESHOLDS: &str = "hil-thresholds.toml";

fn diff(args: &DiffArgs) -> Result<Exit, CliError> {
    let file = args.thresholds.as_deref();
    let file = file.or_else(|| Some(Path::new(THRESHOLDS)).filter(|path| path.exists()));
    let thresholds = file.map(Thresholds::read).transpose()?.unwrap_or_default();
    let (base, head) = (report::load(&args.base)?, report::load(&args.head)?);
    // Whoever names a file says that there is only that file.
    let artefacts = args.base.is_dir() && args.head.is_dir();
    let diff = report::diff(&base, &head, &thresholds, artefacts)?;
    let text = diff.markdown();
    match &args.output {
        Some(path) => write_whole(path, &text)?,
        // A reader that went away has seen enough.
        None => drop(io::stdout().write_all(text.as_bytes())),
    }
    Ok(match diff.is_worse() {
        true => Exit::Failed,
        false => Exit::Success,
    })
}

/// Puts `text` in the place of `path` in one go: an earlier file stays whole until then.
fn write_whole(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |source: io::Error| CliError::Write {
        path: path.to_owned(),
        source,
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
