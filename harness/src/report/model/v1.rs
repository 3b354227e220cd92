//! Reports of version 1, which knew no commits, quarantine, partitions or baselines.

use serde::Deserialize;

use super::attempt::{Artefacts, Attempt, AttemptVerdict, Costs, Crash};
use super::document::{Report, SCHEMA, Tool, VERSION};
use super::entry::ScenarioEntry;
use super::firmware::FirmwareFacts;
use crate::runner::{Status, Summary};

/// The whole report.
#[derive(Debug, Deserialize)]
pub(in crate::report) struct ReportV1 {
    tool: Tool,
    started: Option<String>,
    wall_time_ms: u64,
    seed: String,
    workers: u64,
    interrupted: bool,
    summary: SummaryV1,
    firmware: Option<FirmwareFacts>,
    scenarios: Vec<EntryV1>,
}

#[derive(Debug, Deserialize)]
struct SummaryV1 {
    passed: usize,
    flaky: usize,
    failed: usize,
    infra: usize,
    skipped: usize,
}

#[derive(Debug, Deserialize)]
struct EntryV1 {
    id: String,
    name: String,
    title: String,
    origin: String,
    explanation: String,
    board: String,
    status: Status,
    reason: Option<String>,
    attempts: Vec<AttemptV1>,
}

#[derive(Debug, Deserialize)]
struct AttemptV1 {
    verdict: AttemptVerdict,
    reason: Option<String>,
    virtual_time_ns: u64,
    wall_time_ms: u64,
    costs: Option<Costs>,
    lost_log_frames: u64,
    crash: Option<Crash>,
    artefacts: ArtefactsV1,
}

#[derive(Debug, Deserialize)]
struct ArtefactsV1 {
    transcript: String,
    mqtt: String,
    device_log: String,
    tls: String,
}

impl From<ReportV1> for Report {
    fn from(old: ReportV1) -> Self {
        let seed = old.seed;
        let entries = old.scenarios.into_iter();
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            tool: old.tool,
            commit: None,
            started: old
                .started
                .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned()),
            wall_time_ms: old.wall_time_ms,
            workers: old.workers,
            partition: None,
            interrupted: old.interrupted,
            retries: 0,
            faults: Vec::new(),
            summary: Summary {
                passed: old.summary.passed,
                flaky: old.summary.flaky,
                failed: old.summary.failed,
                infra: old.summary.infra,
                quarantined: 0,
                skipped: old.summary.skipped,
            },
            firmware: old.firmware,
            scenarios: entries.map(|entry| entry.upgrade(&seed)).collect(),
            vanished: Vec::new(),
            seed,
        }
    }
}

impl EntryV1 {
    /// The faults of a run were not kept, so the command lacks them.
    fn upgrade(self, seed: &str) -> ScenarioEntry {
        ScenarioEntry {
            replay: format!(
                "cargo hil run --exact {}::{} --board {} --seed {seed}",
                self.id, self.name, self.board
            ),
            id: self.id,
            name: self.name,
            title: self.title,
            origin: self.origin,
            explanation: self.explanation,
            board: self.board,
            status: self.status,
            reason: self.reason,
            since: None,
            quarantine: None,
            attempts: self.attempts.into_iter().map(Attempt::from).collect(),
        }
    }
}

impl From<AttemptV1> for Attempt {
    fn from(old: AttemptV1) -> Self {
        Self {
            verdict: old.verdict,
            reason: old.reason,
            virtual_time_ns: old.virtual_time_ns,
            wall_time_ms: old.wall_time_ms,
            costs: old.costs,
            lost_log_frames: old.lost_log_frames,
            crash: old.crash,
            artefacts: Artefacts {
                transcript: old.artefacts.transcript,
                messages: old.artefacts.mqtt,
                device_log: old.artefacts.device_log,
                connections: old.artefacts.tls,
                timeline: None,
                snapshots: Vec::new(),
            },
        }
    }
}
