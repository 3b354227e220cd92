//! The timeline as data: what `timeline.json` holds.

use serde::{Deserialize, Serialize};

/// Value of [`Timeline::schema`].
pub const SCHEMA: &str = "hil-timeline";
/// Value of [`Timeline::version`]. Rises when a field is renamed, removed or changes its meaning.
pub const VERSION: u32 = 1;

/// Everything that happened in one attempt, on the world's clock. Secrets are redacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// Always `hil-timeline`.
    pub schema: String,
    /// Format of the file.
    pub version: u32,
    /// The last instant of the attempt, in nanoseconds since power-up.
    pub end_ns: u64,
    /// The events by their start; spans before what begins with them.
    pub events: Vec<Event>,
    /// Events in the middle that were left out because there are too many.
    #[serde(default)]
    pub left_out: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            end_ns: 0,
            events: Vec::new(),
            left_out: 0,
        }
    }
}

/// Something that happened at an instant, or for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Where it belongs.
    pub lane: Lane,
    /// Nanoseconds since power-up.
    pub start_ns: u64,
    /// For what lasted: nanoseconds since power-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ns: Option<u64>,
    /// How much it matters.
    #[serde(default, skip_serializing_if = "Level::is_info")]
    pub level: Level,
    /// Who sent it, for what was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Side>,
    /// One line.
    pub title: String,
    /// What this is a state of, for example `socket A`: such spans never overlap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<String>,
    /// More of it, in lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// The bytes it consists of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Excerpt>,
}

/// A row of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// What goes wrong on purpose, and what else the scenario does.
    Fault,
    /// UART lines, and bytes that are neither lines nor TLS.
    At,
    /// What the modem is doing.
    Modem,
    /// TLS records on the UART, and the connections as the broker's side sees them.
    Tls,
    /// MQTT packets in plain at the broker's side, and the messages it delivered.
    Mqtt,
    /// The device's log and its end.
    Log,
}

/// How much an event matters.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For who looks closely.
    Debug,
    /// As usual.
    #[default]
    Info,
    /// Worth a look.
    Warn,
    /// Something went wrong.
    Error,
}

impl Level {
    // By reference: serde asks so.
    fn is_info(&self) -> bool {
        *self == Self::Info
    }
}

/// Who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The device.
    Device,
    /// The modem.
    Modem,
    /// The broker or the harness.
    Broker,
}

/// The beginning of some bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The bytes that are kept, two hexadecimal digits each. A secret reads `<redacted>` in ASCII.
    pub hex: String,
    /// Bytes behind them that were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

// By reference: serde asks so.
fn is_zero(count: &usize) -> bool {
    *count == 0
}
