//! Runs one scenario and turns whatever happens into an [`Outcome`].

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::{Options, Outcome, Scenario, Verdict};
use crate::broker::BrokerError;
use crate::rig::{Rig, RigError};

/// Runs `scenario` to its end on the calling thread. Never panics.
pub fn execute(scenario: &Scenario, options: &Options) -> Outcome {
    let started = Instant::now();
    let mut rig = match Rig::new(scenario.name, options.clone()) {
        Ok(rig) => rig,
        Err(error) => {
            return outcome(
                scenario,
                options,
                started,
                Verdict::Infra(error.to_string()),
                None,
            );
        }
    };
    let result = catch_unwind(AssertUnwindSafe(|| block_on((scenario.run)(&mut rig))));
    let verdict = match result {
        Ok(Ok(Ok(()))) => Verdict::Pass,
        Ok(Ok(Err(error))) if is_cancelled(&error) => Verdict::Skipped("interrupted".to_owned()),
        Ok(Ok(Err(error))) if is_infra(&error) => Verdict::Infra(format!("{error:#}")),
        Ok(Ok(Err(error))) => Verdict::Fail(format!("{error:#}")),
        Ok(Err(error)) => Verdict::Infra(format!("cannot start the scenario's executor: {error}")),
        Err(panic) => Verdict::Fail(panic_text(panic.as_ref())),
    };
    outcome(scenario, options, started, verdict, Some(&rig))
}

/// A scenario may use tokio's time and channels; the world itself needs no executor.
fn block_on<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .build()?
        .block_on(future))
}

fn is_cancelled(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(RigError::Cancelled(_)))
}

/// Whether the bench broke, as opposed to the firmware.
fn is_infra(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.is::<RigError>() || cause.is::<BrokerError>())
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!(
        "the scenario panicked: {}",
        text.unwrap_or("without a message")
    )
}

fn outcome(
    scenario: &Scenario,
    options: &Options,
    started: Instant,
    verdict: Verdict,
    rig: Option<&Rig>,
) -> Outcome {
    Outcome {
        id: scenario.id,
        name: scenario.name,
        title: scenario.title,
        board: options.board.clone(),
        seed: options.seed,
        verdict: match rig {
            Some(rig) => verdict.redacted(&rig.redactions()),
            None => verdict,
        },
        virtual_time: rig
            .and_then(Rig::world)
            .map_or(Duration::ZERO, |world| world.now()),
        wall_time: started.elapsed(),
        transcript: rig.map(Rig::transcript_text).unwrap_or_default(),
        messages: rig.map(Rig::messages_text).unwrap_or_default(),
        device_log: rig.map(Rig::log_text).unwrap_or_default(),
        connections: rig.map(Rig::connections_text).unwrap_or_default(),
        timeline: rig.map(Rig::timeline).unwrap_or_default(),
        mismatches: rig.map(|rig| rig.mismatches().to_vec()).unwrap_or_default(),
        costs: rig.and_then(Rig::costs),
        lost_log_frames: rig
            .and_then(Rig::world)
            .map_or(0, |world| world.lost_log_frames()),
        crash: rig
            .and_then(Rig::world)
            .and_then(|world| world.crash().cloned().map(Box::new)),
    }
}
