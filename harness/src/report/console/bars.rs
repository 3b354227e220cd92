//! Progress bars: one for the run with the time that remains, one for each worker.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::runner::Job;

/// How often elapsed times are redrawn.
const TICK: Duration = Duration::from_millis(200);

/// The bars of a run, on standard error.
#[derive(Debug)]
pub(super) struct Bars {
    all: MultiProgress,
    overall: ProgressBar,
    workers: Vec<ProgressBar>,
}

impl Bars {
    pub(super) fn new(jobs: usize, workers: usize) -> Self {
        let all = MultiProgress::new();
        let worker = |_| all.add(ProgressBar::new_spinner().with_style(worker_style()));
        let workers: Vec<_> = (0..workers).map(worker).collect();
        let length = u64::try_from(jobs).unwrap_or(u64::MAX);
        let overall = all.add(ProgressBar::new(length).with_style(overall_style()));
        overall.enable_steady_tick(TICK);
        Self {
            all,
            overall,
            workers,
        }
    }

    pub(super) fn started(&self, worker: usize, job: &Job) {
        let Some(bar) = self.workers.get(worker) else {
            return;
        };
        bar.reset();
        bar.set_message(format!(
            "{} {} [{}]",
            job.scenario.id, job.scenario.name, job.board
        ));
        bar.enable_steady_tick(TICK);
    }

    pub(super) fn finished(&self, worker: usize) {
        self.overall.inc(1);
        let Some(bar) = self.workers.get(worker) else {
            return;
        };
        bar.disable_steady_tick();
        bar.set_message("");
    }

    /// Runs `write` while the bars are off the screen.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        self.all.suspend(write);
    }

    pub(super) fn clear(&self) {
        for bar in self.workers.iter().chain([&self.overall]) {
            bar.finish_and_clear();
        }
    }
}

/// The bar and the names take what is left of the line, so that it never wraps.
fn overall_style() -> ProgressStyle {
    // A template that does not parse costs the looks, never the run.
    ProgressStyle::with_template("{pos}/{len} {wide_bar} {eta} to go")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn worker_style() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner} {wide_msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}
