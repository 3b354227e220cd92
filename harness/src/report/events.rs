//! The run as JSON lines, for programs that want to follow it.
//!
//! Each line is an object with `event`. The first one is `run_started` with `schema` and `version`;
//! the version rises when a field is renamed, removed or changes its meaning, and new events and
//! fields may appear without. Names and values are those of `report.json`.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::gate::Gate;
use crate::runner::{Event, Job, Record, Reporter, Status, Summary};

/// Value of `schema` in the first line.
pub const EVENTS_SCHEMA: &str = "hil-events";
/// Value of `version` in the first line.
pub const EVENTS_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    RunStarted {
        schema: &'static str,
        version: u32,
        /// RFC 3339, UTC.
        started: Option<String>,
        /// Paths of all jobs, such as `native::T01::factory_fresh`.
        jobs: Vec<String>,
        workers: usize,
        seed: String,
        retries: u32,
        partition: Option<String>,
        faults: Vec<String>,
    },
    ScenarioStarted {
        path: String,
        worker: usize,
        /// From 1.
        attempt: u32,
    },
    /// It will be tried again.
    AttemptFailed {
        path: Option<String>,
        attempt: u32,
        verdict: &'static str,
        reason: Option<&'a str>,
        virtual_time_ns: u64,
        wall_time_ms: u64,
    },
    ScenarioFinished {
        path: String,
        title: &'static str,
        status: Status,
        reason: Option<&'a str>,
        attempts: usize,
        virtual_time_ns: u64,
        wall_time_ms: u64,
        lost_log_frames: u64,
    },
    RunFinished {
        wall_time_ms: u64,
        interrupted: bool,
        summary: Summary,
    },
    /// The last line, when the report is written and the process is about to end.
    Judged {
        exit_code: u8,
        reasons: &'a [String],
        notes: &'a [String],
    },
}

/// Writes each event as a line.
pub struct Events {
    out: Box<dyn Write>,
    jobs: Vec<Job>,
    summary: Summary,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}

impl Events {
    /// On standard output, which from now on is for nothing else: what anybody prints there goes to
    /// standard error, such as the differences of snapshots.
    ///
    /// # Errors
    /// When the system refuses to do that.
    pub fn on_stdout() -> io::Result<Self> {
        #[cfg(unix)]
        let out = {
            let kept = nix::unistd::dup(io::stdout())?;
            nix::unistd::dup2_stdout(io::stderr())?;
            std::fs::File::from(kept)
        };
        #[cfg(not(unix))]
        let out = io::stdout();
        Ok(Self::with(Box::new(out)))
    }

    fn with(out: Box<dyn Write>) -> Self {
        Self {
            out,
            jobs: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// The last line.
    pub fn judged(&mut self, gate: &Gate, exit_code: u8) {
        self.print(&Line::Judged {
            exit_code,
            reasons: &gate.reasons,
            notes: &gate.notes,
        });
    }

    fn print(&mut self, line: &Line<'_>) {
        let Ok(text) = serde_json::to_string(line) else {
            return; // texts and numbers always have a form in JSON
        };
        // Whoever closed our output does not want to read on; the exit code still tells.
        drop(writeln!(self.out, "{text}").and_then(|()| self.out.flush()));
    }

    fn finished(&mut self, record: &Record) {
        self.summary.count(record.status());
        self.print(&Line::ScenarioFinished {
            path: record.job.path(),
            title: record.job.scenario.title,
            status: record.status(),
            reason: record.last.verdict.reason(),
            attempts: record.earlier.len() + 1,
            virtual_time_ns: whole(record.last.virtual_time.as_nanos()),
            wall_time_ms: millis(record.last.wall_time),
            lost_log_frames: record.last.lost_log_frames,
        });
    }
}

impl Reporter for Events {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted {
                jobs,
                workers,
                seed,
                started,
                retries,
                faults,
                partition,
                ..
            } => {
                self.jobs.clone_from(jobs);
                self.print(&Line::RunStarted {
                    schema: EVENTS_SCHEMA,
                    version: EVENTS_VERSION,
                    started: rfc3339(*started),
                    jobs: jobs.iter().map(Job::path).collect(),
                    workers: *workers,
                    seed: seed.to_string(),
                    retries: *retries,
                    partition: partition.map(|partition| partition.to_string()),
                    faults: faults.iter().map(ToString::to_string).collect(),
                });
            }
            Event::ScenarioStarted {
                worker,
                job,
                attempt,
                ..
            } => self.print(&Line::ScenarioStarted {
                path: job.path(),
                worker: *worker,
                attempt: *attempt,
            }),
            Event::AttemptFailed {
                index,
                attempt,
                outcome,
                ..
            } => {
                let path = self.jobs.get(*index).map(Job::path);
                self.print(&Line::AttemptFailed {
                    path,
                    attempt: *attempt,
                    verdict: outcome.verdict.name(),
                    reason: outcome.verdict.reason(),
                    virtual_time_ns: whole(outcome.virtual_time.as_nanos()),
                    wall_time_ms: millis(outcome.wall_time),
                });
            }
            Event::ScenarioFinished { record, .. } => self.finished(record),
            Event::RunFinished {
                wall_time,
                interrupted,
            } => {
                let summary = self.summary.with_skipped(self.jobs.len());
                self.print(&Line::RunFinished {
                    wall_time_ms: millis(*wall_time),
                    interrupted: *interrupted,
                    summary,
                });
            }
        }
    }
}

fn rfc3339(time: SystemTime) -> Option<String> {
    OffsetDateTime::from(time).format(&Rfc3339).ok()
}

fn millis(time: Duration) -> u64 {
    whole(time.as_millis())
}

fn whole(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Ending;
    use crate::report::sample::{self, Shared};
    use crate::scenario::Verdict;

    #[test]
    fn every_event_is_a_line() {
        let shared = Shared::default();
        let mut events = Events::with(Box::new(shared.clone()));
        let fail = || Verdict::Fail("no message\nwithin 120 s".into());
        sample::play(
            &mut events,
            true,
            vec![
                sample::record("T01", "factory_fresh", vec![Verdict::Pass]),
                sample::record("T02", "flaky_one", vec![fail(), Verdict::Pass]),
                sample::record("T05", "wrong_apn", vec![fail()]),
            ],
        );
        let gate = Gate {
            ending: Ending::Failed,
            reasons: vec!["vanished: native::T09::gone".into()],
            notes: Vec::new(),
        };
        events.judged(&gate, 1);
        insta::assert_snapshot!(shared.text());
    }
}
