//! Keeps a run in memory until it is over.

use std::time::{Duration, SystemTime};

use crate::board::Firmware;
use crate::fault::Fault;
use crate::runner::{Event, Job, Partition, Record, Reporter, Status, Summary};

/// A whole run.
#[derive(Debug)]
pub struct RunRecord {
    /// Wall clock at the start.
    pub started: SystemTime,
    /// Wall time from start to end.
    pub wall_time: Duration,
    /// Seed of every job.
    pub seed: u64,
    /// The image that those boards ran which run one.
    pub firmware: Option<Firmware>,
    /// Jobs that may have run at the same time.
    pub workers: usize,
    /// How often a job that did not pass was tried again, at most.
    pub retries: u32,
    /// What went wrong besides what the scenarios want.
    pub faults: Vec<Fault>,
    /// Which part of the selection it was.
    pub partition: Option<Partition>,
    /// Whether the run was told to stop early.
    pub interrupted: bool,
    /// The jobs in the order of the plan; `None` where the run was interrupted before the job.
    pub jobs: Vec<(Job, Option<Record>)>,
}

impl RunRecord {
    /// How many jobs ended how.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for (_, record) in &self.jobs {
            summary.count(record.as_ref().map_or(Status::Skipped, Record::status));
        }
        summary
    }
}

/// The reporter that builds a [`RunRecord`].
#[derive(Debug)]
pub struct Collector(RunRecord);

impl Default for Collector {
    fn default() -> Self {
        Self(RunRecord {
            started: SystemTime::UNIX_EPOCH,
            wall_time: Duration::ZERO,
            seed: 0,
            firmware: None,
            workers: 0,
            retries: 0,
            faults: Vec::new(),
            partition: None,
            interrupted: false,
            jobs: Vec::new(),
        })
    }
}

impl Collector {
    /// The run as far as it was heard.
    pub fn into_run(self) -> RunRecord {
        self.0
    }
}

impl Reporter for Collector {
    fn event(&mut self, event: &Event) {
        let run = &mut self.0;
        match event {
            Event::RunStarted {
                jobs,
                workers,
                firmware,
                seed,
                started,
                retries,
                faults,
                partition,
            } => {
                run.partition = *partition;
                run.retries = *retries;
                run.faults.clone_from(faults);
                run.firmware.clone_from(firmware);
                run.started = *started;
                run.seed = *seed;
                run.workers = *workers;
                run.jobs = jobs.iter().map(|job| (job.clone(), None)).collect();
            }
            Event::ScenarioFinished { index, record, .. } => {
                if let Some((_, slot)) = run.jobs.get_mut(*index) {
                    *slot = Some(Record::clone(record));
                }
            }
            Event::RunFinished {
                wall_time,
                interrupted,
            } => {
                run.wall_time = *wall_time;
                run.interrupted = *interrupted;
            }
            Event::ScenarioStarted { .. } | Event::AttemptFailed { .. } => {}
        }
    }
}
