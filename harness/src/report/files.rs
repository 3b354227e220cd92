//! Writes all files of a report.

use std::fs;

use super::artefacts::Artefacts;
use super::collector::RunRecord;
use super::error::ReportError;
use super::folder::{Folder, REPORT_JSON};
use super::{json, junit, markdown};
use crate::firmware_build::Sizes;

/// Writes the report of `run` into `folder`, replacing an earlier one as a whole.
pub fn write(run: &RunRecord, folder: &Folder) -> Result<(), ReportError> {
    let elf = run
        .firmware
        .as_ref()
        .map(|firmware| firmware.program().image().bytes());
    // It was read to be flashed: what is unreadable now has no sizes.
    let sizes = elf.and_then(|elf| Sizes::of_elf(elf).ok());
    folder.publish(|staging| {
        for (name, text) in [
            (REPORT_JSON, json::render(run, sizes.as_ref())?),
            ("junit.xml", junit::render(run)?),
            ("summary.md", markdown::render(run, sizes.as_ref())),
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
