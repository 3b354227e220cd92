//! Brokers that say no, or say it wrongly: a table, one scenario a row.
//!
//! Each row changes the packets of the device's first connection, behind a handshake that is in
//! order, and names what the device makes of it. Later connections are left alone, and all samples
//! must have arrived in the end, in order.

mod table;

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{modem_settings, telemetry_sequence};
use crate::broker::{ConnectionFacts, Direction, Meddling, PacketKind, Rule};
use crate::fault::{BrokerFault, Effect, NetFault};
use crate::rig::Rig;

/// All rows.
pub(super) use table::ALL;

/// Bound for what the device makes of it: its longest wait for an answer is 30 s.
const VERDICT: Duration = Duration::from_secs(90);

/// Long enough for what the device says in the end to reach the broker.
const AFTERMATH: Duration = Duration::from_secs(1);

/// An outage long enough for a backlog.
const OUTAGE: Duration = Duration::from_secs(600);

/// Messages of a flood: more than 4 KB with TLS around them, which the modem sends without a pause.
const FLOOD: usize = 150;

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
    one_at_a_time(connections.get(..1).context("no connection")?)
}

/// A broker that takes one unacknowledged message at a time, and a device that comes back to it
/// with many.
pub(super) async fn meet_strict_after_outage(rig: &mut Rig) -> Result<()> {
    rig.modem().initial = modem_settings(&[])?;
    rig.server().meddling = Meddling {
        connections: usize::MAX,
        rules: vec![Rule::Properties(vec![0x21, 0, 1])],
    };
    rig.fault_for(Effect::Broker(BrokerFault::Down), OUTAGE);
    rig.boot().await?;
    rig.run_for(OUTAGE).await?;
    let backlog = OUTAGE.as_secs() / u64::from(rig.device().telemetry_period_s);
    for _ in 0..backlog {
        rig.broker()
            .message("+/telemetry")
            .within(4 * VERDICT)
            .await?;
    }
    rig.run_for(AFTERMATH).await?;
    // No snapshot: how many samples wait in the end depends on the jitter of the waits before.
    let connections = rig.connections();
    let all = || connections.iter().flat_map(|facts| &facts.packets);
    let sent = |direction, kind| {
        let meant = all().filter(|packet| (packet.direction, packet.kind) == (direction, kind));
        meant.count()
    };
    ensure!(
        sent(Direction::ToDevice, PacketKind::PubAck) as u64 >= backlog,
        "fewer acknowledgements than samples waited: {backlog}"
    );
    one_at_a_time(&connections)?;
    in_order(rig)
}

/// A broker that acknowledges the first sample with this refusal.
pub(super) async fn meet_refusal(
    rig: &mut Rig,
    name: &str,
    code: u8,
    verdict: Verdict,
) -> Result<()> {
    // The first acknowledgement is for the status, which is not counted as delivered either.
    let rules = vec![Rule::PubAckReason { first: 2, code }];
    meet(rig, name, rules, verdict).await?;
    let numbers = telemetry_sequence(rig)?;
    ensure!(
        numbers.iter().filter(|number| **number == 1).count() > 1,
        "the refused sample was not sent again: {numbers:?}"
    );
    Ok(())
}

/// A broker that sends everything that is stored on the topics of the commands, though the device
/// asked it not to.
pub(super) async fn meet_retained_flood(rig: &mut Rig, name: &str) -> Result<()> {
    let topic = b"hil-device/command/interval";
    let mut publish = vec![0x31, (2 + topic.len() + 1 + 2) as u8, 0, topic.len() as u8];
    publish.extend(topic);
    publish.extend([0, b'1', b'0']);
    let rules = vec![Rule::Insert {
        after: PacketKind::SubAck,
        bytes: publish.repeat(FLOOD),
        close: false,
    }];
    meet(rig, name, rules, Verdict::Notes("mqtt: command ignored")).await?;
    let log = rig.log_text();
    let ignored = log.matches("mqtt: command ignored").count();
    ensure!(
        ignored == FLOOD,
        "{ignored} of {FLOOD} stored commands were ignored"
    );
    ensure!(
        !log.contains("mqtt: command interval"),
        "a stored command was obeyed"
    );
    let losses = rig.losses();
    ensure!(losses.is_empty(), "bytes were lost: {}", losses.join("; "));
    Ok(())
}

/// Never more than one message without its acknowledgement.
fn one_at_a_time(connections: &[ConnectionFacts]) -> Result<()> {
    for facts in connections {
        let mut open = 0_usize;
        for packet in &facts.packets {
            match (packet.direction, packet.kind) {
                (Direction::FromDevice, PacketKind::Publish) => open += 1,
                (Direction::ToDevice, PacketKind::PubAck) => open = open.saturating_sub(1),
                _ => {}
            }
            ensure!(open <= 1, "{open} unacknowledged messages, 1 is allowed");
        }
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
