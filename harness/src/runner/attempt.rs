//! One attempt at one job, with whatever can go wrong around it turned into a verdict.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::plan::Job;
use crate::rig::timeline::Timeline;
use crate::scenario::{Options, Outcome, Scenario, Verdict};

/// What a job that an interruption cut short is skipped for.
const INTERRUPTED: &str = "interrupted";

/// Runs `job` once.
///
/// A panic of the harness itself is an infrastructure verdict: it says nothing of the firmware.
/// Nor does anything but a pass once the run is being cancelled, since the children got the same
/// Ctrl-C: the job then counts as skipped.
pub(super) fn attempt(
    job: &Job,
    options: &Options,
    execute: &(impl Fn(&Scenario, &Options) -> Outcome + Sync),
) -> Outcome {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| execute(&job.scenario, options)));
    let mut outcome = result.unwrap_or_else(|panic| {
        let reason = format!("the harness panicked: {}", panic_text(&*panic));
        bare(job, options, Verdict::Infra(reason), start.elapsed())
    });
    if options.cancel.is_cancelled() && outcome.verdict != Verdict::Pass {
        outcome.verdict = Verdict::Skipped(INTERRUPTED.to_owned());
    }
    outcome
}

/// Whether another attempt could change the verdict.
pub(super) fn is_retried(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fail(_) | Verdict::Infra(_))
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

/// An outcome that has no artefacts.
fn bare(job: &Job, options: &Options, verdict: Verdict, wall_time: Duration) -> Outcome {
    Outcome {
        id: job.scenario.id,
        name: job.scenario.name,
        title: job.scenario.title,
        board: job.board.clone(),
        seed: options.seed,
        verdict,
        virtual_time: Duration::ZERO,
        wall_time,
        transcript: String::new(),
        messages: String::new(),
        device_log: String::new(),
        connections: String::new(),
        timeline: Timeline::default(),
        mismatches: Vec::new(),
        costs: None,
        lost_log_frames: 0,
        crash: None,
    }
}
