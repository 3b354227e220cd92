//! What the runner tells its reporters.

use std::time::{Duration, SystemTime};

use super::partition::Partition;
use super::plan::Job;
use super::record::Record;
use crate::board::Firmware;
use crate::fault::Fault;
use crate::scenario::Outcome;

/// Something happened in the run. `index` counts the jobs of the plan, `worker` the workers, both
/// from 0; `attempt` counts from 1.
#[derive(Debug)]
pub enum Event {
    /// The first event, once.
    RunStarted {
        /// The plan's jobs.
        jobs: Vec<Job>,
        /// How many of them may run at the same time.
        workers: usize,
        /// The image that those boards run which run one.
        firmware: Option<Firmware>,
        /// The plan's seed.
        seed: u64,
        /// Wall clock at the start, for reports only.
        started: SystemTime,
        /// The plan's retries.
        retries: u32,
        /// The plan's faults.
        faults: Vec<Fault>,
        /// The plan's part of the selection.
        partition: Option<Partition>,
    },
    /// A worker took a job, or tries it again.
    ScenarioStarted {
        /// Who runs it.
        worker: usize,
        /// Which job.
        index: usize,
        /// The job.
        job: Job,
        /// 1 for the first.
        attempt: u32,
    },
    /// An attempt did not pass and will be repeated.
    AttemptFailed {
        /// Who ran it.
        worker: usize,
        /// Which job.
        index: usize,
        /// 1 for the first.
        attempt: u32,
        /// What it left behind.
        outcome: Box<Outcome>,
    },
    /// A job has its verdict.
    ScenarioFinished {
        /// Who ran it.
        worker: usize,
        /// Which job.
        index: usize,
        /// The job and all its attempts.
        record: Box<Record>,
    },
    /// The last event, once: all workers have stopped.
    RunFinished {
        /// From the first event to this one.
        wall_time: Duration,
        /// Whether the run was told to stop early; jobs without a verdict were not started.
        interrupted: bool,
    },
}

/// Shows or keeps what happens. Must not fail a run: what goes wrong is kept until asked for.
pub trait Reporter {
    /// Hears the next event.
    fn event(&mut self, event: &Event);
}
