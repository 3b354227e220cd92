//! Records for the tests of the reporters.

use std::time::Duration;

use crate::rig::timeline::Timeline;
use crate::runner::{Job, Record};
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
    }
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
