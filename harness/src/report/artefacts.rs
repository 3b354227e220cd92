//! The raw files of each attempt.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::error::ReportError;
use crate::runner::{Job, Record};
use crate::scenario::Outcome;

/// Where the files of one attempt are, relative to the report folder, with `/` between folders.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Artefacts {
    /// UART lines in both directions.
    transcript: String,
    /// MQTT messages the broker delivered.
    mqtt: String,
    /// The device's log.
    device_log: String,
    /// Facts of each TLS connection.
    tls: String,
}

impl Artefacts {
    /// Names of the files of `record`'s attempt `number`, counted from 1: the one that counts has
    /// the job's folder, those before it have a folder each inside.
    pub(super) fn of(record: &Record, number: usize) -> Self {
        let mut folder = job_folder(&record.job);
        if number <= record.earlier.len() {
            folder = format!("{folder}/attempt-{number}");
        }
        Self {
            transcript: format!("{folder}/transcript.txt"),
            mqtt: format!("{folder}/mqtt.txt"),
            device_log: format!("{folder}/device.log"),
            tls: format!("{folder}/tls.txt"),
        }
    }

    /// Writes the files below `report`.
    pub(super) fn write(&self, report: &Path, outcome: &Outcome) -> Result<(), ReportError> {
        let files = [
            (&self.transcript, &outcome.transcript),
            (&self.mqtt, &outcome.messages),
            (&self.device_log, &outcome.device_log),
            (&self.tls, &outcome.connections),
        ];
        for (name, text) in files {
            let path = report.join(name);
            let folder = path.parent().unwrap_or(report);
            fs::create_dir_all(folder).map_err(ReportError::io("make", folder))?;
            fs::write(&path, text).map_err(ReportError::io("write", &path))?;
        }
        Ok(())
    }
}

/// `native/T01-factory_fresh`.
fn job_folder(job: &Job) -> String {
    format!("{}/{}-{}", job.board, job.scenario.id, job.scenario.name)
}
