//! Writes all files of a report.

use std::fs;
use std::path::Path;

use super::collector::RunRecord;
use super::error::ReportError;
use super::folder::Folder;
use super::loaded::{Loaded, REPORT_JSON};
use super::model::{Artefacts, Report};
use super::{junit, markdown};
use crate::runner::Record;
use crate::scenario::Outcome;

/// Writes `report` and the artefacts of `run`, which it is about, into `folder`, replacing an
/// earlier report as a whole.
pub fn write(report: &Report, run: &RunRecord, folder: &Folder) -> Result<(), ReportError> {
    folder.publish(|staging| {
        for (entry, (_, record)) in report.scenarios.iter().zip(&run.jobs) {
            let outcomes = record.iter().flat_map(Record::attempts);
            for (attempt, outcome) in entry.attempts.iter().zip(outcomes) {
                artefacts(&attempt.artefacts, outcome, staging)?;
            }
        }
        write_views(report, staging)
    })
}

/// Writes `report.json` and all files that are made of it and of the artefacts, which are in
/// `folder` already.
pub(super) fn write_views(report: &Report, folder: &Path) -> Result<(), ReportError> {
    let report = Loaded {
        report: report.clone(),
        folder: folder.to_owned(),
    };
    for (name, text) in [
        (REPORT_JSON, report.report.to_json()?),
        ("junit.xml", junit::render(&report)?),
        ("summary.md", markdown::render(&report.report)),
    ] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(ReportError::io("write", &path))?;
    }
    Ok(())
}

fn artefacts(names: &Artefacts, outcome: &Outcome, report: &Path) -> Result<(), ReportError> {
    let files = [
        (&names.transcript, &outcome.transcript),
        (&names.messages, &outcome.messages),
        (&names.device_log, &outcome.device_log),
        (&names.connections, &outcome.connections),
    ];
    for (name, text) in files {
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
