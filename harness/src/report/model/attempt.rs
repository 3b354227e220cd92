//! One attempt, what it measured and what it left behind.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One attempt at a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// How it ended.
    pub verdict: AttemptVerdict,
    /// Why, for everything but a pass.
    pub reason: Option<String>,
    /// Time that passed in the world of the scenario, in nanoseconds.
    pub virtual_time_ns: u64,
    /// Wall time it took, in milliseconds.
    pub wall_time_ms: u64,
    /// What the run took of the device; null when it did not get as far as a device.
    pub costs: Option<Costs>,
    /// Records of the device's log that are known to be lost.
    pub lost_log_frames: u64,
    /// How the device came to its end, or what it recovered from last.
    pub crash: Option<Crash>,
    /// The raw files.
    pub artefacts: Artefacts,
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttemptVerdict {
    /// Every assertion held.
    Pass,
    /// An assertion did not hold.
    Fail,
    /// The bench broke: nothing is known of the firmware.
    Infra,
    /// Not run.
    Skipped,
}

/// Where the files of one attempt are, relative to the report folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artefacts {
    /// UART lines in both directions.
    pub transcript: String,
    /// MQTT messages that the broker delivered.
    pub messages: String,
    /// The device's log.
    pub device_log: String,
    /// Facts of each TLS connection.
    pub connections: String,
    /// Everything that happened, on one clock, as JSON.
    #[serde(default)]
    pub timeline: Option<String>,
    /// The snapshots that differ from the accepted ones.
    #[serde(default)]
    pub snapshots: Vec<SnapshotFiles>,
}

/// Where the two sides of a snapshot are that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotFiles {
    /// Name of the snapshot, for example `wrong_apn.at`.
    pub name: String,
    /// The accepted text; null when none was accepted yet.
    pub expected: Option<String>,
    /// The text of this attempt.
    pub actual: String,
}

impl Artefacts {
    /// All of them.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        // Taken apart, so that no new field is forgotten here.
        let Self {
            transcript,
            messages,
            device_log,
            connections,
            timeline,
            snapshots,
        } = self;
        let snapshots = snapshots
            .iter()
            .flat_map(|snapshot| snapshot.expected.iter().chain([&snapshot.actual]));
        [transcript, messages, device_log, connections]
            .into_iter()
            .chain(timeline)
            .chain(snapshots)
            .map(String::as_str)
    }
}

/// What a run took of the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Costs {
    /// The main stack, where the board can look at it.
    pub stack: Option<StackUse>,
    /// Cycles in which the processor did not sleep, of the whole run; one cycle an instruction.
    pub awake_cycles: Option<u64>,
    /// The phases that the run came to the end of, in order.
    pub phases: Vec<Phase>,
}

/// How much of the stack was ever in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StackUse {
    /// All of it, in bytes.
    pub size: u64,
    /// From its end to the last byte that was written, in bytes.
    pub used: u64,
}

/// A part of the way from power-up to the first message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Phase {
    /// `bring_up`: from power-up to the modem's transparent mode; `handshake`: from the beginning
    /// of TLS to the verified server; `publish`: from the MQTT session to the first telemetry at
    /// the broker.
    pub name: String,
    /// When it began, in nanoseconds of the world's time.
    pub from_ns: u64,
    /// When it ended.
    pub to_ns: u64,
    /// Cycles in between in which the processor did not sleep, where the board can count them.
    pub awake_cycles: Option<u64>,
}

/// How a device came to its end. Addresses are text: `0x42010072`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Crash {
    /// What happened: `panic`, `exception`, `stack_overflow`, `watchdog`, `brown_out`, `hang`,
    /// `reset_loop`, `trap_storm`, `nothing_to_boot`, `halted`, `process_ended`, `not_modelled`,
    /// or what a later version adds.
    pub kind: String,
    /// The device's last words, or what the bench has to say.
    pub message: String,
    /// Where: the instruction that failed, the call that panicked, else where the processor stood.
    pub pc: Option<String>,
    /// By name: of an exception those of the failing instruction, else those of the halted
    /// processor; those that are not known left out.
    pub registers: BTreeMap<String, String>,
    /// The functions on the stack, the innermost first.
    pub frames: Vec<Frame>,
    /// Addresses of code in `message`, by name.
    pub mentioned: Vec<Frame>,
    /// Remarks.
    pub notes: Vec<String>,
    /// The last lines of the UART's transcript, the newest last.
    pub at_lines: Vec<String>,
    /// The last lines of the device's log, the newest last.
    pub log_lines: Vec<String>,
}

/// One function on the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Frame {
    /// Where it is, or where it goes on when what it called returns.
    pub pc: String,
    /// Its name, `?` when nothing is known.
    pub function: String,
    /// Source file.
    pub file: Option<String>,
    /// Line in it.
    pub line: Option<u32>,
    /// Whether the compiler has merged it into the one after it.
    pub inlined: bool,
}
