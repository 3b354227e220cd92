//! Writes all files of a report.

use std::fs;
use std::path::{Path, PathBuf};

use super::collector::RunRecord;
use super::error::ReportError;
use super::folder::Folder;
use super::loaded::{Loaded, REPORT_JSON};
use super::model::{Artefacts, Report};
use super::{html, junit, markdown};
use crate::runner::Record;
use crate::scenario::Outcome;

/// Name of the page.
const INDEX_HTML: &str = "index.html";

/// Writes `report` and the artefacts of `run`, which it is about, into `folder`, replacing an
/// earlier report as a whole. The page shows the figures of `baseline` beside its own.
pub fn write(
    report: &Report,
    baseline: Option<&Report>,
    run: &RunRecord,
    folder: &Folder,
) -> Result<(), ReportError> {
    folder.publish(|staging| {
        for (entry, (_, record)) in report.scenarios.iter().zip(&run.jobs) {
            let outcomes = record.iter().flat_map(Record::attempts);
            for (attempt, outcome) in entry.attempts.iter().zip(outcomes) {
                artefacts(&attempt.artefacts, outcome, staging)?;
            }
        }
        write_views(report, baseline, staging)
    })
}

/// Writes `report.json` and all files that are made of it and of the artefacts, which are in
/// `folder` already.
pub(super) fn write_views(
    report: &Report,
    baseline: Option<&Report>,
    folder: &Path,
) -> Result<(), ReportError> {
    let report = Loaded {
        report: report.clone(),
        folder: folder.to_owned(),
    };
    for (name, text) in [
        (REPORT_JSON, report.report.to_json()?),
        ("junit.xml", junit::render(&report)?),
        ("summary.md", markdown::render(&report.report)),
        (INDEX_HTML, html::render(&report, baseline)?),
    ] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(ReportError::io("write", &path))?;
    }
    Ok(())
}

/// Writes the page of `report` into its folder, in one step, and returns where it is.
///
/// # Errors
/// When the folder cannot be written; an earlier page is untouched then.
pub fn write_html(report: &Loaded, baseline: Option<&Report>) -> Result<PathBuf, ReportError> {
    let text = html::render(report, baseline)?;
    let path = report.folder.join(INDEX_HTML);
    let staged = report
        .folder
        .join(format!(".{INDEX_HTML}.{}", std::process::id()));
    let written = fs::write(&staged, text).and_then(|()| fs::rename(&staged, &path));
    written.map_err(|source| {
        // What is half written is nothing.
        let _ = fs::remove_file(&staged);
        ReportError::io("write", &path)(source)
    })?;
    Ok(path)
}

fn artefacts(names: &Artefacts, outcome: &Outcome, report: &Path) -> Result<(), ReportError> {
    let files = [
        (&names.transcript, &outcome.transcript),
        (&names.messages, &outcome.messages),
        (&names.device_log, &outcome.device_log),
        (&names.connections, &outcome.connections),
    ];
    let timeline = serde_json::to_string(&outcome.timeline)?;
    let timeline = names.timeline.iter().map(|name| (name, &timeline));
    let mismatches = names.snapshots.iter().zip(&outcome.mismatches);
    let snapshots = mismatches.flat_map(|(names, mismatch)| {
        let expected = names.expected.iter().zip(&mismatch.expected);
        expected.chain([(&names.actual, &mismatch.actual)])
    });
    for (name, text) in files.into_iter().chain(timeline).chain(snapshots) {
        let path = report.join(name);
        let folder = path.parent().unwrap_or(report);
        fs::create_dir_all(folder).map_err(ReportError::io("make", folder))?;
        fs::write(&path, text).map_err(ReportError::io("write", &path))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
