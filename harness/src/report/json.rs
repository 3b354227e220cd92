//! `report.json`: the run for programs.
//!
//! A reader checks [`SCHEMA`] and [`VERSION`] first. The version rises when a field is renamed,
//! removed or changes its meaning; new fields may appear without.

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::artefacts::Artefacts;
use super::collector::RunRecord;
use crate::board::{CrashReport, Firmware};
use crate::firmware_build::{CrateSize, Section, Sizes};
use crate::rig::Costs;
use crate::runner::{Job, Record, Status, Summary};
use crate::scenario::Outcome;

/// Value of the field `schema`.
pub(super) const SCHEMA: &str = "hil-report";
/// Value of the field `version`.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    version: u32,
    tool: Tool,
    /// RFC 3339, UTC.
    started: Option<String>,
    wall_time_ms: u64,
    /// As text: JSON numbers lose the upper bits of a 64-bit seed in many readers.
    seed: String,
    workers: usize,
    interrupted: bool,
    summary: Summary,
    /// Null when no board ran the image.
    firmware: Option<FirmwareFacts<'a>>,
    scenarios: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// The image, in bytes. The crates add up to `flash` and `ram`.
#[derive(Serialize)]
struct FirmwareFacts<'a> {
    /// RFC 3339, UTC; the device takes no earlier time for true.
    built: Option<String>,
    flash: u64,
    ram: u64,
    stack_left: u64,
    sections: &'a [Section],
    crates: &'a [CrateSize],
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'static str,
    name: &'static str,
    title: &'static str,
    origin: &'static str,
    explanation: &'static str,
    board: &'a str,
    status: Status,
    reason: Option<&'a str>,
    /// Empty when the run was interrupted before this one started.
    attempts: Vec<Attempt<'a>>,
}

#[derive(Serialize)]
struct Attempt<'a> {
    verdict: &'static str,
    reason: Option<&'a str>,
    virtual_time_ns: u64,
    wall_time_ms: u64,
    /// What the run took of the device; see [`Costs`].
    costs: Option<&'a Costs>,
    /// Records of the device's log that are known to be lost.
    lost_log_frames: u64,
    /// How the device came to its end, or what it recovered from last; see [`CrashReport`].
    crash: Option<&'a CrashReport>,
    artefacts: Artefacts,
}

/// The text of `report.json`.
pub(super) fn render(run: &RunRecord, sizes: Option<&Sizes>) -> Result<String, serde_json::Error> {
    let report = Report {
        schema: SCHEMA,
        version: VERSION,
        tool: Tool {
            name: "hil",
            version: env!("CARGO_PKG_VERSION"),
        },
        started: OffsetDateTime::from(run.started).format(&Rfc3339).ok(),
        wall_time_ms: whole(run.wall_time.as_millis()),
        seed: run.seed.to_string(),
        workers: run.workers,
        interrupted: run.interrupted,
        summary: run.summary(),
        firmware: run.firmware.as_ref().zip(sizes).map(facts),
        scenarios: run
            .jobs
            .iter()
            .map(|(job, record)| entry(job, record.as_ref()))
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&report)?;
    text.push('\n');
    Ok(text)
}

fn facts<'a>((firmware, sizes): (&Firmware, &'a Sizes)) -> FirmwareFacts<'a> {
    let built = i64::try_from(firmware.build_time()).ok();
    let built = built.and_then(|time| OffsetDateTime::from_unix_timestamp(time).ok());
    FirmwareFacts {
        built: built.and_then(|time| time.format(&Rfc3339).ok()),
        flash: sizes.flash(),
        ram: sizes.ram(),
        stack_left: sizes.stack(),
        sections: &sizes.sections,
        crates: &sizes.crates,
    }
}

fn entry<'a>(job: &'a Job, record: Option<&'a Record>) -> Entry<'a> {
    let scenario = &job.scenario;
    let attempt = |record: &'a Record, (index, outcome): (usize, &'a Outcome)| Attempt {
        verdict: outcome.verdict.name(),
        reason: outcome.verdict.reason(),
        virtual_time_ns: whole(outcome.virtual_time.as_nanos()),
        wall_time_ms: whole(outcome.wall_time.as_millis()),
        costs: outcome.costs.as_ref(),
        lost_log_frames: outcome.lost_log_frames,
        crash: outcome.crash.as_deref(),
        artefacts: Artefacts::of(record, index + 1),
    };
    Entry {
        id: scenario.id,
        name: scenario.name,
        title: scenario.title,
        origin: scenario.origin,
        explanation: scenario.explanation,
        board: job.board.name(),
        status: record.map_or(Status::Skipped, Record::status),
        reason: record.map_or(Some("interrupted before it started"), |record| {
            record.last.verdict.reason()
        }),
        attempts: record.map_or_else(Vec::new, |record| {
            record
                .attempts()
                .enumerate()
                .map(|numbered| attempt(record, numbered))
                .collect()
        }),
    }
}

/// More than five hundred years of nanoseconds fit; beyond, the largest value says enough.
fn whole(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
