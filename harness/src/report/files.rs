//! Writes all files of a report.

use std::fs;

use super::artefacts::Artefacts;
use super::collector::RunRecord;
use super::error::ReportError;
use super::folder::{Folder, REPORT_JSON};
use super::{json, junit};

/// Writes the report of `run` into `folder`, replacing an earlier one as a whole.
pub fn write(run: &RunRecord, folder: &Folder) -> Result<(), ReportError> {
    folder.publish(|staging| {
        for (name, text) in [
            (REPORT_JSON, json::render(run)?),
            ("junit.xml", junit::render(run)?),
        ] {
            let path = staging.join(name);
            fs::write(&path, text).map_err(ReportError::io("write", &path))?;
        }
        for record in run.jobs.iter().filter_map(|(_, record)| record.as_ref()) {
            for (index, outcome) in record.attempts().enumerate() {
                Artefacts::of(record, index + 1).write(staging, outcome)?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
