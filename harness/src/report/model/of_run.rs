//! From a run to its report.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::attempt::{
    Artefacts, Attempt, AttemptVerdict, Costs, Crash, Frame, Phase, SnapshotFiles, StackUse,
};
use super::document::{Commit, Report, SCHEMA, Tool, VERSION};
use super::entry::{Quarantined, ScenarioEntry};
use super::firmware::FirmwareFacts;
use crate::board::{CrashReport, Firmware, StackFrame};
use crate::firmware_build::Sizes;
use crate::quarantine::Hold;
use crate::report::RunRecord;
use crate::rig::{self, Mismatch};
use crate::runner::{Job, Record, Status};
use crate::scenario::{Outcome, Verdict};

/// What a report tells besides the run itself.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// State of the source tree.
    pub commit: Option<Commit>,
}

impl Report {
    /// The report of `run`.
    pub fn of(run: &RunRecord, context: &Context) -> Self {
        let entry = |(job, record): &(Job, Option<Record>)| entry(run, job, record.as_ref());
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            tool: Tool {
                name: "hil".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            commit: context.commit.clone(),
            started: rfc3339(run.started.into()),
            wall_time_ms: whole(run.wall_time.as_millis()),
            seed: run.seed.to_string(),
            workers: u64::try_from(run.workers).unwrap_or(u64::MAX),
            partition: run.partition.map(|partition| partition.to_string()),
            interrupted: run.interrupted,
            retries: run.retries,
            faults: run.faults.iter().map(ToString::to_string).collect(),
            summary: run.summary(),
            firmware: run.firmware.as_ref().and_then(facts),
            scenarios: run.jobs.iter().map(entry).collect(),
            vanished: Vec::new(),
        }
    }
}

/// What is unreadable was read before, to be flashed: then there is nothing to tell.
fn facts(firmware: &Firmware) -> Option<FirmwareFacts> {
    let sizes = Sizes::of_elf(firmware.program().image().bytes()).ok()?;
    let built = i64::try_from(firmware.build_time()).ok();
    let built = built.and_then(|time| OffsetDateTime::from_unix_timestamp(time).ok());
    Some(FirmwareFacts {
        built: built.map(rfc3339),
        flash: sizes.flash(),
        ram: sizes.ram(),
        stack_left: sizes.stack(),
        sections: sizes.sections,
        crates: sizes.crates,
    })
}

fn entry(run: &RunRecord, job: &Job, record: Option<&Record>) -> ScenarioEntry {
    let scenario = &job.scenario;
    let reason = match record {
        None => Some("interrupted before it started"),
        Some(record) => record.last.verdict.reason(),
    };
    let attempts = record.map(|record| {
        let numbered = record.attempts().enumerate();
        numbered
            .map(|(index, outcome)| {
                let is_last = index == record.earlier.len();
                attempt(outcome, Artefacts::of(job, index + 1, is_last, outcome))
            })
            .collect()
    });
    ScenarioEntry {
        id: scenario.id.to_owned(),
        name: scenario.name.to_owned(),
        title: scenario.title.to_owned(),
        origin: scenario.origin.to_owned(),
        explanation: scenario.explanation.to_owned(),
        board: job.board.name().to_owned(),
        status: record.map_or(Status::Skipped, Record::status),
        reason: reason.map(ToOwned::to_owned),
        since: None,
        quarantine: record.and_then(|record| record.hold.as_ref().map(quarantined)),
        replay: replay(run, job),
        attempts: attempts.unwrap_or_default(),
    }
}

fn quarantined(hold: &Hold) -> Quarantined {
    let entry = hold.entry.clone();
    Quarantined {
        reason: entry.reason,
        owner: entry.owner,
        issue: entry.issue,
        expires: entry.expires.to_string(),
        expired: hold.expired,
        place: hold.place.clone(),
    }
}

/// A fault's words need no quotes in a shell.
fn replay(run: &RunRecord, job: &Job) -> String {
    let scenario = &job.scenario;
    let mut command = format!(
        "cargo hil run --exact {}::{} --board {} --seed {}",
        scenario.id, scenario.name, job.board, run.seed
    );
    for fault in &run.faults {
        // Writing to a string cannot fail.
        let _ = write!(command, " --fault {fault}");
    }
    command
}

impl Artefacts {
    /// Names of the files of the attempt `number`, counted from 1: the one that counts has the
    /// job's folder, those before it have a folder each inside.
    pub(in crate::report) fn of(
        job: &Job,
        number: usize,
        is_last: bool,
        outcome: &Outcome,
    ) -> Self {
        let mut folder = format!("{}/{}-{}", job.board, job.scenario.id, job.scenario.name);
        if !is_last {
            folder = format!("{folder}/attempt-{number}");
        }
        Self {
            transcript: format!("{folder}/transcript.txt"),
            messages: format!("{folder}/mqtt.txt"),
            device_log: format!("{folder}/device.log"),
            connections: format!("{folder}/tls.txt"),
            timeline: Some(format!("{folder}/timeline.json")),
            snapshots: snapshots(&folder, &outcome.mismatches),
        }
    }
}

/// A scenario may compare the same snapshot twice: the files are numbered.
fn snapshots(folder: &str, mismatches: &[Mismatch]) -> Vec<SnapshotFiles> {
    let files = mismatches.iter().enumerate().map(|(index, mismatch)| {
        let stem = format!("{folder}/snapshot-{}-{}", index + 1, mismatch.name);
        SnapshotFiles {
            name: mismatch.name.clone(),
            expected: mismatch
                .expected
                .as_ref()
                .map(|_| format!("{stem}.expected.txt")),
            actual: format!("{stem}.actual.txt"),
        }
    });
    files.collect()
}

fn attempt(outcome: &Outcome, artefacts: Artefacts) -> Attempt {
    Attempt {
        verdict: match outcome.verdict {
            Verdict::Pass => AttemptVerdict::Pass,
            Verdict::Fail(_) => AttemptVerdict::Fail,
            Verdict::Infra(_) => AttemptVerdict::Infra,
            Verdict::Skipped(_) => AttemptVerdict::Skipped,
        },
        reason: outcome.verdict.reason().map(ToOwned::to_owned),
        virtual_time_ns: whole(outcome.virtual_time.as_nanos()),
        wall_time_ms: whole(outcome.wall_time.as_millis()),
        costs: outcome.costs.as_ref().map(costs),
        lost_log_frames: outcome.lost_log_frames,
        crash: outcome.crash.as_deref().map(crash),
        artefacts,
    }
}

fn costs(costs: &rig::Costs) -> Costs {
    let phase = |phase: &rig::Phase| Phase {
        name: phase.name.to_owned(),
        from_ns: phase.from_ns,
        to_ns: phase.to_ns,
        awake_cycles: phase.awake_cycles,
    };
    Costs {
        stack: costs.stack.map(|stack| StackUse {
            size: stack.size,
            used: stack.used,
        }),
        awake_cycles: costs.awake_cycles,
        phases: costs.phases.iter().map(phase).collect(),
    }
}

fn crash(crash: &CrashReport) -> Crash {
    let registers = crash.registers.iter();
    Crash {
        kind: crash.kind.id().to_owned(),
        message: crash.message.clone(),
        pc: crash.pc.map(address),
        registers: registers
            .map(|(name, value)| (name.to_owned(), address(value)))
            .collect(),
        frames: crash.frames.iter().map(frame).collect(),
        mentioned: crash.mentioned.iter().map(frame).collect(),
        notes: crash.notes.clone(),
        at_lines: crash.at_lines.clone(),
        log_lines: crash.log_lines.clone(),
    }
}

fn frame(frame: &StackFrame) -> Frame {
    let (file, line) = frame.place.clone().unzip();
    Frame {
        pc: address(frame.pc),
        function: frame.function.clone(),
        file,
        line,
        inlined: frame.inlined,
    }
}

fn address(value: u32) -> String {
    format!("{value:#010x}")
}

/// Years that RFC 3339 cannot write do not occur on a machine whose clock is nearly right.
fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339)
        .unwrap_or_else(|_| "1970-01-01T00:00:00Z".to_owned())
}

/// More than five hundred years of nanoseconds fit; beyond, the largest value says enough.
fn whole(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
