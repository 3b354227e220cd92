//! What a scenario is, and what became of one.

pub mod catalogue;
mod execute;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use execute::execute;
use serde::Serialize;

use crate::board::{CrashReport, Firmware};
use crate::config::BoardConfig;
use crate::fault::Fault;
use crate::rig::timeline::Timeline;
use crate::rig::transcript::Redactions;
use crate::rig::{Costs, Mismatch, Rig};

/// The future a scenario's function returns.
pub type ScenarioFuture<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + 'a>>;

/// One story about the device, told once and run on every board.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Short stable identifier such as `T05`; several scenarios may share the prefix.
    pub id: &'static str,
    /// The function's name, unique in the registry; also the stem of its snapshots.
    pub name: &'static str,
    /// One line for lists and reports.
    pub title: &'static str,
    /// Where the story comes from, for example `MODEM.md T05`.
    pub origin: &'static str,
    /// The function's doc comment: symptom, cause, what the device does.
    pub explanation: &'static str,
    /// The story itself.
    pub run: for<'a> fn(&'a mut Rig) -> ScenarioFuture<'a>,
}

/// A board scenarios can run on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Board {
    /// The firmware's image on a simulated ESP32-C3, in virtual time.
    Virtual,
    /// The firmware's application as a host process, in virtual time.
    Native,
    /// A board of `hil.toml`, in wall time.
    Real(Arc<BoardConfig>),
}

impl Board {
    /// Those that need no hardware, in the order of preference.
    pub const SIMULATED: &[Self] = &[Self::Virtual, Self::Native];

    /// The name used on the command line and in reports.
    pub fn name(&self) -> &str {
        match self {
            Self::Virtual => "virtual",
            Self::Native => "native",
            Self::Real(config) => &config.name,
        }
    }

    /// What it is, in half a line.
    pub fn description(&self) -> String {
        match self {
            Self::Virtual => {
                "a simulated ESP32-C3 with the firmware's image, in virtual time".into()
            }
            Self::Native => "the firmware's application as a host process, in virtual time".into(),
            Self::Real(config) => format!("{} behind the probe {}", config.chip, config.probe),
        }
    }

    /// Whether it runs the image that `hil build` makes.
    pub const fn needs_image(&self) -> bool {
        !matches!(self, Self::Native)
    }
}

impl std::fmt::Display for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Board {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Told to every running scenario; once set, the world stops at its next step.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks everybody who holds a clone to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The seed of a run that names none: runs repeat themselves unless asked otherwise.
pub const DEFAULT_SEED: u64 = 1;

/// How to run a scenario.
#[derive(Debug, Clone)]
pub struct Options {
    /// The board.
    pub board: Board,
    /// The firmware's image, for boards that need one.
    pub firmware: Option<Firmware>,
    /// Seed of everything random that is simulated.
    pub seed: u64,
    /// The `hil` binary, which is also the native board's process image.
    pub hil_exe: PathBuf,
    /// What goes wrong besides what the scenario wants.
    pub faults: Vec<Fault>,
    /// Stops the world early.
    pub cancel: Cancel,
}

impl Options {
    /// A run on `board` with the default seed and nothing planted, which nobody cancels.
    pub fn new(board: Board, firmware: Option<Firmware>, hil_exe: impl Into<PathBuf>) -> Self {
        Self {
            board,
            firmware,
            seed: DEFAULT_SEED,
            hil_exe: hil_exe.into(),
            faults: Vec::new(),
            cancel: Cancel::default(),
        }
    }
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "verdict", content = "reason")]
pub enum Verdict {
    /// Every assertion held.
    Pass,
    /// An assertion did not hold; the reason.
    Fail(String),
    /// The bench broke (port, process, broker), so nothing is known of the firmware; the reason.
    Infra(String),
    /// Not run, for the named reason.
    Skipped(String),
}

impl Verdict {
    /// The name used in reports: the serialised tag.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Infra(_) => "infra",
            Self::Skipped(_) => "skipped",
        }
    }

    /// The same, its reason without secrets: an error may quote what the device said.
    #[must_use]
    pub fn redacted(self, redactions: &Redactions) -> Self {
        match self {
            Self::Pass => Self::Pass,
            Self::Fail(reason) => Self::Fail(redactions.apply(&reason)),
            Self::Infra(reason) => Self::Infra(redactions.apply(&reason)),
            Self::Skipped(reason) => Self::Skipped(redactions.apply(&reason)),
        }
    }

    /// The reason of everything but a pass.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Pass => None,
            Self::Fail(reason) | Self::Infra(reason) | Self::Skipped(reason) => Some(reason),
        }
    }
}

/// Everything one attempt leaves behind. Secrets were redacted before they got here.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// [`Scenario::id`].
    pub id: &'static str,
    /// [`Scenario::name`].
    pub name: &'static str,
    /// [`Scenario::title`].
    pub title: &'static str,
    /// Board it ran on.
    pub board: Board,
    /// Seed it ran with.
    pub seed: u64,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Virtual time that passed in the world.
    pub virtual_time: Duration,
    /// Wall time it took.
    pub wall_time: Duration,
    /// UART transcript as text (see `rig::transcript`).
    #[serde(skip)]
    pub transcript: String,
    /// MQTT messages the broker delivered, as text.
    #[serde(skip)]
    pub messages: String,
    /// Device log as text, a line each, with virtual time.
    #[serde(skip)]
    pub device_log: String,
    /// Facts of each TLS connection the broker saw, as text, a line each.
    #[serde(skip)]
    pub connections: String,
    /// Everything that happened, on one clock.
    #[serde(skip)]
    pub timeline: Timeline,
    /// The snapshots that differed.
    #[serde(skip)]
    pub mismatches: Vec<Mismatch>,
    /// What the run took of the device; nothing when it did not get as far as a device.
    pub costs: Option<Costs>,
    /// Records of the device's log that are known to be lost.
    pub lost_log_frames: u64,
    /// The last crash of the device, also one that a reset has mended.
    pub crash: Option<Box<CrashReport>>,
}
