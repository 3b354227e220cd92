//! What shall run, and how.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use time::Date;

use super::partition::Partition;
use crate::board::Firmware;
use crate::fault::Fault;
use crate::quarantine::Quarantine;
use crate::scenario::{Board, Scenario};

/// One scenario on one board.
#[derive(Debug, Clone)]
pub struct Job {
    /// The story.
    pub scenario: Scenario,
    /// What it runs on.
    pub board: Board,
}

impl Job {
    /// `native::T01::factory_fresh`: unique in a run, and the name of the test in `cargo test`.
    pub fn path(&self) -> String {
        format!(
            "{}::{}::{}",
            self.board, self.scenario.id, self.scenario.name
        )
    }
}

/// Everything the runner needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Jobs in the order of the final report: the registry's, board by board.
    pub jobs: Vec<Job>,
    /// Seed of everything random that is simulated, the same for each job and attempt.
    pub seed: u64,
    /// Jobs that may run at the same time.
    pub workers: NonZeroUsize,
    /// How often a job that did not pass is tried again.
    pub retries: u32,
    /// Which part of the selection the jobs are.
    pub partition: Option<Partition>,
    /// What does not gate.
    pub quarantine: Quarantine,
    /// The day on which the entries of the quarantine have or have not expired, in UTC.
    pub today: Date,
    /// The firmware's image, for boards that need one.
    pub firmware: Option<Firmware>,
    /// What goes wrong besides what the scenarios want.
    pub faults: Vec<Fault>,
    /// The `hil` binary, which is also the native board's process image.
    pub hil_exe: PathBuf,
}

/// One worker per core, one when their number is not to be had.
pub fn default_workers() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
