//! The workers.

use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Instant, SystemTime};

use super::attempt::{attempt, is_retried};
use super::event::{Event, Reporter};
use super::plan::{Job, Plan};
use super::queue::Queue;
use super::record::Record;
use crate::scenario::{Cancel, Options, Outcome, Scenario};

/// Runs the plan and returns when every worker has stopped.
///
/// The reporters hear every event on the calling thread. Once `cancel` is set no further job is
/// started, the running ones stop at their next step, and the run ends as interrupted. `execute`
/// is [`scenario::execute`](crate::scenario::execute()) in all but tests of the runner.
pub fn run(
    plan: &Plan,
    cancel: &Cancel,
    execute: impl Fn(&Scenario, &Options) -> Outcome + Sync,
    reporters: &mut [&mut dyn Reporter],
) {
    let start = Instant::now();
    let mut tell = |event: &Event| {
        reporters
            .iter_mut()
            .for_each(|reporter| reporter.event(event))
    };
    let workers = plan.workers.get().min(plan.jobs.len());
    tell(&Event::RunStarted {
        jobs: plan.jobs.clone(),
        workers,
        firmware: plan.firmware.clone(),
        seed: plan.seed,
        started: SystemTime::now(),
        retries: plan.retries,
        faults: plan.faults.clone(),
        partition: plan.partition,
    });
    let queue = Queue::new(plan.jobs.len());
    thread::scope(|scope| {
        let (events, heard) = mpsc::channel();
        for number in 0..workers {
            let worker = Worker {
                number,
                plan,
                cancel,
                execute: &execute,
                events: events.clone(),
            };
            let queue = &queue;
            scope.spawn(move || worker.work(queue));
        }
        // The loop below ends when the last worker has dropped its sender.
        drop(events);
        heard.iter().for_each(|event| tell(&event));
    });
    let interrupted = cancel.is_cancelled();
    tell(&Event::RunFinished {
        wall_time: start.elapsed(),
        interrupted,
    });
}

struct Worker<'a, F> {
    number: usize,
    plan: &'a Plan,
    cancel: &'a Cancel,
    execute: &'a F,
    events: Sender<Event>,
}

impl<F: Fn(&Scenario, &Options) -> Outcome + Sync> Worker<'_, F> {
    /// Takes jobs until there is none left.
    fn work(&self, queue: &Queue) {
        while !self.cancel.is_cancelled() {
            let Some((index, job)) = queue
                .take(&self.plan.jobs)
                .and_then(|index| Some((index, self.plan.jobs.get(index)?)))
            else {
                return;
            };
            let record = Box::new(self.job(index, job));
            queue.give_back(&job.board);
            self.tell(Event::ScenarioFinished {
                worker: self.number,
                index,
                record,
            });
        }
        queue.close();
    }

    fn job(&self, index: usize, job: &Job) -> Record {
        let worker = self.number;
        let options = Options {
            board: job.board.clone(),
            firmware: self.plan.firmware.clone(),
            seed: self.plan.seed,
            hil_exe: self.plan.hil_exe.clone(),
            faults: self.plan.faults.clone(),
            cancel: self.cancel.clone(),
        };
        let mut earlier = Vec::new();
        let mut number = 1;
        loop {
            self.tell(Event::ScenarioStarted {
                worker,
                index,
                job: job.clone(),
                attempt: number,
            });
            let outcome = attempt(job, &options, self.execute);
            if number > self.plan.retries || !is_retried(&outcome.verdict) {
                let (quarantine, board) = (&self.plan.quarantine, job.board.name());
                return Record {
                    job: job.clone(),
                    earlier,
                    last: outcome,
                    hold: quarantine.hold(&job.scenario, board, self.plan.today),
                };
            }
            earlier.push(outcome.clone());
            let outcome = Box::new(outcome);
            self.tell(Event::AttemptFailed {
                worker,
                index,
                attempt: number,
                outcome,
            });
            number += 1;
        }
    }

    fn tell(&self, event: Event) {
        // The receiver outlives the workers; it is gone only when a reporter panicked, and then
        // the panic is what the user has to see.
        let _ = self.events.send(event);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
