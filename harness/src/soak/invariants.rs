//! What must hold at every step of a device's life, whatever goes wrong around it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::error::Violation;
use crate::broker::{ConnectionFacts, Direction, Message, PacketKind};
use crate::rig::Rig;

/// Attempts, or connections, within [`STORM`] after which a device is said to storm the network.
/// The back-off begins with 1 to 2 s and doubles; a session of a minute starts it anew.
const ATTEMPTS: usize = 15;
const STORM: Duration = Duration::from_secs(600);
/// How often the modem's flash may be written in a round. Only settings that differ are saved, and
/// damaged answers make some look as if they did.
const FLASH_WRITES: u32 = 3;

/// Samples that the device's queue holds, in memory and flash together (`telemetry.queue`).
const QUEUE: u64 = 1024;
/// What the device's log says when its memory for samples was not enough, or broke.
const QUEUE_LOST: [&str; 2] = [
    "telemetry: the queue is full",
    "telemetry: no more samples to flash",
];

/// The telemetry of one boot, as it arrived.
#[derive(Debug, Default)]
struct Boot {
    /// The highest sequence number, and all different ones that arrived.
    highest: u64,
    arrived: BTreeSet<u64>,
    /// Copies that arrived after the first one of their kind.
    repeated: u64,
    /// Samples that the device says it dropped because its queue was full.
    dropped: u64,
}

/// What was seen of a round so far.
#[derive(Debug, Default)]
pub(super) struct Invariants {
    boots: BTreeMap<u64, Boot>,
    messages: usize,
    /// Those of the device's own that are acknowledged: no wills, nothing of anybody else.
    published: usize,
    log: usize,
    connections: Vec<Duration>,
}

impl Invariants {
    /// Looks at everything that is new.
    pub(super) fn check(&mut self, rig: &mut Rig) -> Result<Option<Violation>> {
        let at = rig.world().map(|world| world.now()).unwrap_or_default();
        let found = self.broken(rig)?;
        Ok(found.map(|what| Violation { at, what }))
    }

    fn broken(&mut self, rig: &mut Rig) -> Result<Option<String>> {
        let new: Vec<(Duration, Message)> = rig.messages()[self.messages..]
            .iter()
            .map(|delivered| (delivered.at, delivered.message.clone()))
            .collect();
        self.messages += new.len();
        let connections = rig.connections();
        for (_, message) in &new {
            if let Some(broken) = self.message(message, connections.len())? {
                return Ok(Some(broken));
            }
        }
        if let Some(broken) = self.acknowledged(&connections).or_else(|| self.bounds(rig)) {
            return Ok(Some(broken));
        }
        let now = rig.world().map(|world| world.now()).unwrap_or_default();
        self.connections.resize(connections.len(), now);
        let recent = |at: &Duration| *at + STORM > now;
        let connections = self.connections.iter().filter(|at| recent(at)).count();
        let log = rig.world().map_or(&[][..], |world| world.log());
        let waits = log.iter().rev().take_while(|record| recent(&record.at));
        let waits = waits.filter(|record| record.text.starts_with("retry in "));
        let waits = waits.count();
        if connections > ATTEMPTS || waits > ATTEMPTS {
            let minutes = STORM.as_secs() / 60;
            return Ok(Some(format!(
                "{waits} attempts that failed and {connections} new connections within \
                 {minutes} minutes"
            )));
        }
        let writes = rig.modem_flash_writes()?;
        if writes > FLASH_WRITES {
            return Ok(Some(format!(
                "the modem's flash was written {writes} times"
            )));
        }
        Ok(None)
    }

    fn message(&mut self, message: &Message, connections: usize) -> Result<Option<String>> {
        let level = message.topic.rsplit('/').next().unwrap_or_default();
        if !matches!(level, "telemetry" | "status") {
            return Ok(None);
        }
        self.published += 1;
        let text = message.payload.escape_ascii();
        let value: serde_json::Value = serde_json::from_slice(&message.payload)
            .with_context(|| format!("a message on {} is no JSON: {text}", message.topic))?;
        // A will has no boot.
        let Some(id) = value["boot"].as_u64() else {
            return Ok(None);
        };
        let boot = self.boots.entry(id).or_default();
        if level == "status" {
            boot.dropped = value["dropped"].as_u64().unwrap_or(boot.dropped);
            return Ok(None);
        }
        let number = value["seq"].as_u64().context("telemetry without `seq`")?;
        if boot.arrived.insert(number) {
            if number > boot.highest {
                boot.highest = number;
                return Ok(None);
            }
            return Ok(Some(format!(
                "number {number} of boot {id} arrived after number {}",
                boot.highest
            )));
        }
        // QoS 1: what was not acknowledged before a connection ended is sent again on the next.
        boot.repeated += 1;
        let allowed = u64::try_from(connections.saturating_sub(1)).unwrap_or(u64::MAX);
        Ok((boot.repeated > allowed.saturating_mul(WINDOW)).then(|| {
            format!(
                "number {number} of boot {id} came again: {} repetitions with {connections} \
                 connections",
                boot.repeated
            )
        }))
    }

    /// Every acknowledged message has arrived.
    fn acknowledged(&self, connections: &[ConnectionFacts]) -> Option<String> {
        let packets = connections
            .iter()
            .flat_map(|connection| &connection.packets);
        let acknowledged = packets
            .filter(|packet| {
                packet.kind == PacketKind::PubAck && packet.direction == Direction::ToDevice
            })
            .count();
        (acknowledged > self.published).then(|| {
            format!(
                "{acknowledged} messages were acknowledged, {} arrived",
                self.published
            )
        })
    }

    /// The queue is large enough for every outage that was ever long enough to fill it, and only
    /// then it drops anything; its flash works.
    fn bounds(&mut self, rig: &Rig) -> Option<String> {
        let most = self.boots.values().map(|boot| boot.highest).max();
        let outgrown = most.unwrap_or_default() > QUEUE;
        if let Some((id, boot)) = self.boots.iter().find(|(_, boot)| boot.dropped > 0)
            && !outgrown
        {
            return Some(format!(
                "boot {id} dropped {} of fewer than {QUEUE} samples, which its queue holds",
                boot.dropped
            ));
        }
        let log = rig.world().map_or(&[][..], |world| world.log());
        let new = log.get(self.log..).unwrap_or_default();
        self.log = log.len();
        let said = |text: &str| QUEUE_LOST.iter().any(|lost| text.starts_with(lost));
        let lost = new.iter().find(|record| said(&record.text) && !outgrown);
        lost.map(|record| format!("the device says `{}`", record.text))
    }

    /// Whether nothing is missing: every number of every boot, but for what the device says it
    /// dropped.
    pub(super) fn missing(&self) -> Option<String> {
        self.boots.iter().find_map(|(id, boot)| {
            let missing = boot.highest.saturating_sub(boot.arrived.len() as u64);
            (missing > boot.dropped).then(|| {
                format!(
                    "{missing} of {} samples of boot {id} never arrived, and the device says that \
                     it dropped {}",
                    boot.highest, boot.dropped
                )
            })
        })
    }
}

/// Messages that may be on their way without an acknowledgement.
const WINDOW: u64 = 4;

/// Whether the stack had room left, where the board can look at it.
pub(super) fn stack(rig: &Rig) -> Option<String> {
    let stack = rig.costs().and_then(|costs| costs.stack)?;
    (stack.used * 4 > stack.size * 3).then(|| {
        format!(
            "{} of {} bytes of stack were used, more than three quarters",
            stack.used, stack.size
        )
    })
}
