//! Records for the tests of the reporters.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use super::{Collector, Context, Report, RunRecord};
use crate::rig::timeline::Timeline;
use crate::runner::{Event, Job, Record, Reporter};
use crate::scenario::{Board, Outcome, Scenario, Verdict};

/// A job with one attempt per verdict, the last one counting.
pub(super) fn record(id: &'static str, name: &'static str, verdicts: Vec<Verdict>) -> Record {
    let scenario = Scenario {
        id,
        name,
        title: "a title",
        origin: "a test",
        explanation: "What is seen & why.",
        run: |_| Box::pin(async { Ok(()) }),
    };
    let job = Job {
        scenario,
        board: Board::Native,
    };
    let mut attempts: Vec<Outcome> = verdicts
        .into_iter()
        .map(|verdict| outcome(&job, verdict))
        .collect();
    let last = attempts.pop().unwrap();
    Record {
        job,
        earlier: attempts,
        last,
        hold: None,
    }
}

/// Standard output of a test.
#[derive(Clone, Default)]
pub(super) struct Shared(pub(super) Rc<RefCell<Vec<u8>>>);

impl Shared {
    /// What was written.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Tells `reporter` of a run of these.
pub(super) fn play(reporter: &mut dyn Reporter, interrupted: bool, records: Vec<Record>) {
    reporter.event(&Event::RunStarted {
        jobs: records.iter().map(|record| record.job.clone()).collect(),
        workers: 2,
        firmware: None,
        seed: 7,
        started: SystemTime::UNIX_EPOCH,
        retries: 1,
        faults: Vec::new(),
        partition: None,
    });
    for (index, record) in records.into_iter().enumerate() {
        let job = record.job.clone();
        reporter.event(&Event::ScenarioStarted {
            worker: 0,
            index,
            job,
            attempt: 1,
        });
        for (earlier, outcome) in record.earlier.iter().enumerate() {
            let attempt = u32::try_from(earlier).unwrap() + 1;
            let outcome = Box::new(outcome.clone());
            reporter.event(&Event::AttemptFailed {
                worker: 0,
                index,
                attempt,
                outcome,
            });
        }
        reporter.event(&Event::ScenarioFinished {
            worker: 0,
            index,
            record: Box::new(record),
        });
    }
    reporter.event(&Event::RunFinished {
        wall_time: Duration::from_millis(2100),
        interrupted,
    });
}

/// The report of a run of these.
pub(super) fn report(records: Vec<Record>) -> Report {
    let jobs = records.into_iter();
    let run = RunRecord {
        jobs: jobs
            .map(|record| (record.job.clone(), Some(record)))
            .collect(),
        ..Collector::default().into_run()
    };
    Report::of(&run, &Context::default())
}

fn outcome(job: &Job, verdict: Verdict) -> Outcome {
    Outcome {
        id: job.scenario.id,
        name: job.scenario.name,
        title: job.scenario.title,
        board: job.board.clone(),
        seed: 7,
        verdict,
        virtual_time: Duration::from_millis(38_240),
        wall_time: Duration::from_millis(412),
        transcript: "12.480 > AT+SOCKA?\n".to_owned(),
        messages: String::new(),
        device_log: "12.479 INFO reading the profile back\n".to_owned(),
        connections: String::new(),
        timeline: Timeline::default(),
        mismatches: Vec::new(),
        costs: None,
        lost_log_frames: 0,
        crash: None,
    }
}
