//! One life under faults, and the recovery after them.

use std::time::Duration;

use anyhow::{Result, anyhow};

use super::account::Account;
use super::error::Violation;
use super::invariants::{self, Invariants};
use crate::fault::Fault;
use crate::rig::{Rig, RigError};
use crate::scenario::Options;
use crate::scenarios;

/// How long after the last fault a device may take until everything has arrived: the longest
/// back-off of the firmware is an hour.
pub const RECOVERY: Duration = Duration::from_secs(75 * 60);
/// How often invariants are looked at.
const STEP: Duration = Duration::from_secs(30);

/// What became of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything held.
    Held,
    /// Something did not.
    Broken(Violation),
    /// The bench broke; the reason.
    Infra(String),
    /// Interrupted.
    Cancelled,
}

/// A round and where its time went.
#[derive(Debug, Clone)]
pub struct Round {
    /// The verdict.
    pub verdict: Verdict,
    /// Time in each of the device's states.
    pub account: Account,
    /// How long it took from the last fault until everything had arrived, where it did.
    pub recovered_after: Option<Duration>,
    /// Virtual time that passed.
    pub length: Duration,
    /// The UART, as text.
    pub transcript: String,
    /// The device's log, as text.
    pub device_log: String,
}

/// Runs the device of `options` under its faults, for `length`, and then until it has recovered.
pub fn round(options: &Options, length: Duration) -> Round {
    let mut rig = match Rig::new("soak", options.clone()) {
        Ok(rig) => rig,
        Err(error) => return bare(Verdict::Infra(error.to_string())),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => return bare(Verdict::Infra(error.to_string())),
    };
    let mut recovered_after = None;
    let result = runtime.block_on(live(
        &mut rig,
        &options.faults,
        length,
        &mut recovered_after,
    ));
    let now = rig.world().map(|world| world.now()).unwrap_or_default();
    let verdict = match result {
        Ok(None) => Verdict::Held,
        Ok(Some(violation)) => Verdict::Broken(violation),
        Err(error) => match error.downcast_ref::<RigError>() {
            Some(RigError::Cancelled(_)) => Verdict::Cancelled,
            Some(_) => Verdict::Infra(format!("{error:#}")),
            None => Verdict::Broken(Violation {
                at: now,
                what: format!("{error:#}"),
            }),
        },
    };
    let log = rig.world().map_or(&[][..], |world| world.log());
    Round {
        verdict,
        account: Account::of(log, now),
        recovered_after,
        length: now,
        transcript: rig.transcript_text(),
        device_log: rig.log_text(),
    }
}

fn bare(verdict: Verdict) -> Round {
    Round {
        verdict,
        account: Account::default(),
        recovered_after: None,
        length: Duration::ZERO,
        transcript: String::new(),
        device_log: String::new(),
    }
}

async fn live(
    rig: &mut Rig,
    faults: &[Fault],
    length: Duration,
    recovered_after: &mut Option<Duration>,
) -> Result<Option<Violation>> {
    rig.modem().initial = scenarios::modem_settings(&[])?;
    rig.boot().await?;
    let mut invariants = Invariants::default();
    let ends = faults.iter().filter_map(|fault| fault.window.to);
    let calm = ends.max().unwrap_or_default().max(length);
    let mut now = Duration::ZERO;
    while now < calm {
        let step = STEP.min(calm - now);
        rig.run_for(step).await?;
        now += step;
        if let Some(violation) = invariants.check(rig)? {
            return Ok(Some(violation));
        }
    }
    let sampled = |rig: &Rig| -> Result<bool> {
        // Something that was sampled after the last fault has arrived, and so has all before it.
        let last = rig.messages().iter().rev();
        let mut last = last.filter(|delivered| delivered.message.topic.ends_with("/telemetry"));
        let Some(last) = last.next() else {
            return Ok(false);
        };
        let sample: serde_json::Value = serde_json::from_slice(&last.message.payload)
            .map_err(|error| anyhow!("telemetry is no JSON: {error}"))?;
        let uptime = sample["uptime_ms"].as_u64().map(Duration::from_millis);
        Ok(uptime.is_some_and(|uptime| uptime > calm))
    };
    while !sampled(rig)? {
        if now >= calm + RECOVERY {
            let minutes = RECOVERY.as_secs() / 60;
            let what = format!("no new sample has arrived {minutes} minutes after the last fault");
            return Ok(Some(Violation { at: now, what }));
        }
        rig.run_for(STEP).await?;
        now += STEP;
        if let Some(violation) = invariants.check(rig)? {
            return Ok(Some(violation));
        }
    }
    *recovered_after = Some(now - calm);
    let broken = invariants.missing().or_else(|| invariants::stack(rig));
    Ok(broken.map(|what| Violation { at: now, what }))
}
