//! Brokers that say no, or say it wrongly: a table, one scenario a row.
//!
//! Each row changes the packets of the device's first connection, behind a handshake that is in
//! order, and names what the device makes of it. Later connections are left alone, and all samples
//! must have arrived in the end, in order.

mod table;

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{modem_settings, telemetry_sequence};
use crate::broker::{Direction, Meddling, PacketKind, Rule};
use crate::fault::{Effect, NetFault};
use crate::rig::Rig;

/// All rows.
pub(super) use table::ALL;

/// Bound for what the device makes of it: its longest wait for an answer is 30 s.
const VERDICT: Duration = Duration::from_secs(90);

/// Long enough for what the device says in the end to reach the broker.
const AFTERMATH: Duration = Duration::from_secs(1);

/// What the device makes of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    /// It says this and soon tries again: it may pass by itself.
    Soon(&'static str),
    /// It says this and tries again after a long wait: somebody has to do something.
    Later(&'static str),
    /// The session lasts.
    Lasts,
    /// The session lasts, after it said this.
    Notes(&'static str),
}

/// One row.
pub(super) async fn meet(
    rig: &mut Rig,
    name: &str,
    rules: Vec<Rule>,
    verdict: Verdict,
) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.server().meddling = Meddling {
        connections: 1,
        rules,
    };
    rig.boot().await?;
    match verdict {
        Verdict::Soon(reason) | Verdict::Later(reason) => {
            rig.log(reason).within(VERDICT).await?;
            rig.run_for(AFTERMATH).await?;
            rig.snapshot_peer(name)?;
            let long = matches!(verdict, Verdict::Later(_));
            check_wait(&rig.log_text(), reason, long)?;
        }
        Verdict::Notes(reason) => {
            rig.log(reason).within(VERDICT).await?;
        }
        Verdict::Lasts => {}
    }
    for _ in 0..2 {
        rig.broker()
            .message("+/telemetry")
            .within(2 * VERDICT)
            .await?;
    }
    rig.run_for(AFTERMATH).await?;
    if matches!(verdict, Verdict::Lasts | Verdict::Notes(_)) {
        rig.snapshot_peer(name)?;
        let connections = rig.connections().len();
        ensure!(connections == 1, "{connections} connections, expected 1");
    }
    in_order(rig)
}

/// A broker that takes its time with everything.
pub(super) async fn meet_slow(rig: &mut Rig, name: &str) -> Result<()> {
    rig.fault(Effect::Net(NetFault::Latency(Duration::from_millis(1500))));
    meet(rig, name, Vec::new(), Verdict::Lasts).await
}

/// A broker that takes one unacknowledged message at a time.
pub(super) async fn meet_strict(rig: &mut Rig, name: &str) -> Result<()> {
    let rules = vec![Rule::Properties(vec![0x21, 0, 1])];
    meet(rig, name, rules, Verdict::Lasts).await?;
    let connections = rig.connections();
    let packets = &connections.first().context("no connection")?.packets;
    let mut open = 0_usize;
    for packet in packets {
        match (packet.direction, packet.kind) {
            (Direction::FromDevice, PacketKind::Publish) => open += 1,
            (Direction::ToDevice, PacketKind::PubAck) => open = open.saturating_sub(1),
            _ => {}
        }
        ensure!(open <= 1, "{open} unacknowledged messages, 1 is allowed");
    }
    Ok(())
}

/// The wait that the log names after `reason` is of the right kind.
fn check_wait(log: &str, reason: &str, long: bool) -> Result<()> {
    let after = log.split_once(reason).context("the reason is gone")?.1;
    let wait = after.split_once("retry in ").context("no wait is named")?.1;
    let seconds = wait.split(' ').next().unwrap_or_default();
    let seconds: u64 = seconds.parse().context("the wait is no number")?;
    ensure!(
        (seconds >= 30) == long,
        "the device waits {seconds} s, expected {}",
        if long {
            "30 s or more"
        } else {
            "a few seconds"
        }
    );
    Ok(())
}

/// Every sample arrived, in order; some twice, as QoS 1 allows.
fn in_order(rig: &Rig) -> Result<()> {
    let mut numbers = telemetry_sequence(rig)?;
    let arrived = numbers.clone();
    let mut highest = 0;
    numbers.retain(|number| {
        let new = *number > highest;
        highest = highest.max(*number);
        new
    });
    ensure!(
        numbers.iter().copied().eq(1..=highest),
        "samples are missing or out of order: {arrived:?}"
    );
    Ok(())
}
