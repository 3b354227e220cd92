//! What a run took of the device: stack, and the work of each phase on the way to the first message.

use std::time::Duration;

use serde::Serialize;

use super::board::LogRecord;
use super::world::{Delivered, World};

/// The log's lines between the phases.
const CONNECTED: &str = "modem: connected, transparent";
const HANDSHAKE: &str = "tls: handshake";
const VERIFIED: &str = "tls: server verified";
const SESSION: &str = "mqtt: connected";
/// The last level of the topic that the phase `publish` ends with.
const TELEMETRY: &str = "/telemetry";

/// What a run took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Costs {
    /// The main stack, where the board can look at it.
    pub stack: Option<StackUse>,
    /// Cycles in which the processor did not sleep, of the whole run; one cycle an instruction.
    pub awake_cycles: Option<u64>,
    /// The phases that the run came to the end of, in order.
    pub phases: Vec<Phase>,
}

/// How much of the stack was ever in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StackUse {
    /// All of it, in bytes.
    pub size: u64,
    /// From its end to the last byte that was written, in bytes.
    pub used: u64,
}

/// A part of the way from power-up to the first message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// `bring_up`: from power-up to the modem's transparent mode; `handshake`: from the beginning of
    /// TLS to the verified server; `publish`: from the MQTT session to the first telemetry at the
    /// broker.
    pub name: &'static str,
    /// When it began and ended, in nanoseconds of the world's time.
    pub from_ns: u64,
    /// See `from_ns`.
    pub to_ns: u64,
    /// Cycles in between in which the processor did not sleep, where the board can count them.
    pub awake_cycles: Option<u64>,
}

/// An instant, and the cycles up to it.
type Mark = (Duration, Option<u64>);

/// What the run of `world` has taken so far.
pub(super) fn of(world: &World) -> Costs {
    let logged = |text: &str| -> Option<Mark> {
        let said = |record: &&LogRecord| record.text.starts_with(text);
        let record = world.log.iter().find(said)?;
        Some((record.at, record.awake_cycles))
    };
    let telemetry = || -> Option<Mark> {
        let first = |delivered: &&Delivered| delivered.message.topic.ends_with(TELEMETRY);
        let delivered = world.messages.iter().find(first)?;
        Some((delivered.at, delivered.awake_cycles))
    };
    let start = (Duration::ZERO, world.awake_cycles().map(|_| 0));
    let phases = [
        ("bring_up", Some(start), logged(CONNECTED)),
        ("handshake", logged(HANDSHAKE), logged(VERIFIED)),
        ("publish", logged(SESSION), telemetry()),
    ];
    Costs {
        stack: world.stack_use(),
        awake_cycles: world.awake_cycles(),
        phases: phases
            .into_iter()
            .filter_map(|(name, from, to)| phase(name, from?, to?))
            .collect(),
    }
}

fn phase(name: &'static str, from: Mark, to: Mark) -> Option<Phase> {
    (from.0 <= to.0).then(|| Phase {
        name,
        from_ns: nanos(from.0),
        to_ns: nanos(to.0),
        awake_cycles: from.1.zip(to.1).map(|(from, to)| to.saturating_sub(from)),
    })
}

/// More than five hundred years fit.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
