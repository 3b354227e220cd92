//! From events to lines and bars.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write};

use super::bars::Bars;
use super::lines::Lines;
use crate::report::text::Seconds;
use crate::runner::{Event, Job, Reporter, Status, Summary};

/// Prints verdicts as they fall and a summary at the end.
pub struct Console {
    out: Box<dyn Write>,
    lines: Lines,
    quiet: bool,
    /// Whether there is a terminal to draw bars on.
    animated: bool,
    bars: Option<Bars>,
    jobs: Vec<Job>,
    summary: Summary,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console")
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}

impl Console {
    /// Verdicts on standard output, coloured on a terminal unless `NO_COLOR` is set; bars on
    /// standard error if that is a terminal. `quiet` leaves only what did not pass, and the
    /// summary.
    pub fn new(quiet: bool) -> Self {
        let animated = !quiet && io::stderr().is_terminal();
        Self::with(
            Box::new(io::stdout()),
            console::colors_enabled(),
            quiet,
            animated,
        )
    }

    fn with(out: Box<dyn Write>, colours: bool, quiet: bool, animated: bool) -> Self {
        Self {
            out,
            lines: Lines {
                colours,
                diffs: animated,
            },
            quiet,
            animated,
            bars: None,
            jobs: Vec::new(),
            summary: Summary::default(),
        }
    }

    fn print(&mut self, text: &str) {
        let out = &mut self.out;
        // Whoever closed our output does not want to read on; the exit code still tells.
        let mut write = || drop(writeln!(out, "{text}").and_then(|()| out.flush()));
        match &self.bars {
            Some(bars) => bars.aside(write),
            None => write(),
        }
    }

    fn run_started(&mut self, jobs: &[Job], workers: usize, seed: u64) {
        self.jobs = jobs.to_vec();
        if !self.quiet {
            let plural = if jobs.len() == 1 { "" } else { "s" };
            let boards: BTreeSet<_> = jobs.iter().map(|job| job.board.name()).collect();
            let boards = boards.into_iter().collect::<Vec<_>>().join(" and ");
            let count = jobs.len();
            self.print(&format!(
                "running {count} scenario{plural} on {boards}, {workers} at a time, seed {seed}"
            ));
        }
        if self.animated {
            self.bars = Some(Bars::new(jobs.len(), workers));
        }
    }
}

impl Reporter for Console {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted {
                jobs,
                workers,
                seed,
                ..
            } => {
                self.run_started(jobs, *workers, *seed);
            }
            Event::ScenarioStarted { worker, job, .. } => {
                if let Some(bars) = &self.bars {
                    bars.started(*worker, job);
                }
            }
            Event::AttemptFailed {
                index,
                attempt,
                outcome,
                ..
            } => {
                if let Some(job) = self.jobs.get(*index) {
                    self.print(&self.lines.retry(job, *attempt, outcome));
                }
            }
            Event::ScenarioFinished { worker, record, .. } => {
                self.summary.count(record.status());
                if let Some(bars) = &self.bars {
                    bars.finished(*worker);
                }
                if !(self.quiet && record.status() == Status::Pass) {
                    self.print(&self.lines.verdict(record));
                }
            }
            Event::RunFinished {
                wall_time,
                interrupted,
            } => {
                if let Some(bars) = self.bars.take() {
                    bars.clear();
                }
                let summary = self.summary;
                let count = self.jobs.len();
                let summary = summary.with_skipped(count);
                if *interrupted {
                    let done = count.saturating_sub(summary.skipped);
                    self.print(&format!(
                        "interrupted: {done} of {count} scenarios finished"
                    ));
                }
                let total = format!("{summary} in {}", Seconds(*wall_time));
                self.print(&self.lines.strong(&total).to_string());
            }
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
