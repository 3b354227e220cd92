//! What the world needs of a board, whatever it is made of.

use std::fmt;
use std::time::Duration;

use super::costs::StackUse;
use super::error::RigError;
use crate::board::{CrashReport, DeviceRecord};

/// A device in virtual time. It is off until it is powered up, and gone when dropped.
pub(super) trait Board: fmt::Debug {
    /// Switches the power on at `now`, for the first time.
    fn power_up(&mut self, now: Duration) -> Result<Progress, RigError>;

    /// Takes the power away and gives it back at `now`. What is in flash stays; bytes under way are
    /// lost.
    fn power_cycle(&mut self, now: Duration) -> Result<Progress, RigError>;

    /// Lets the device's supply sag for a moment, at `now`, as far as its brown-out detector notices.
    fn brown_out(&mut self, now: Duration) -> Result<Progress, RigError>;

    /// Runs the device to `until`, or to the first instant at which it puts bytes on the line or
    /// comes to an end. `receive` holds the bytes whose stop bits end on the way, in order; those
    /// the board did not get to are its own to keep.
    fn advance(
        &mut self,
        until: Duration,
        receive: Vec<(Duration, u8)>,
    ) -> Result<Progress, RigError>;

    /// How much of its stack the device has ever used, for boards that can look.
    fn stack_use(&self) -> Option<StackUse> {
        None
    }
}

/// How far a board got, and what it did on the way.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Where its clock stands.
    pub(super) now: Duration,
    /// Until when it does nothing without input; nothing: for ever.
    pub(super) idle_until: Option<Duration>,
    /// What it put on the line.
    pub(super) sent: Sent,
    /// Log records since the last progress.
    pub(super) log: Vec<LogRecord>,
    /// Cycles since the first power-up in which the processor did not sleep, where that can be
    /// counted.
    pub(super) awake_cycles: Option<u64>,
    /// Remarks for the transcript, such as a reset.
    pub(super) remarks: Vec<(Duration, String)>,
    /// A crash that the device recovered from by a reset.
    pub(super) survived: Option<Box<CrashReport>>,
    /// When it pulled the modem's reset line (true) or let it go.
    pub(super) modem_reset: Vec<(Duration, bool)>,
    /// Set when it came to an end.
    pub(super) end: Option<End>,
}

/// Bytes from the device.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Handed over at once: the line paces them.
    Queued(Vec<u8>),
    /// Paced by the device's own UART: each with the end of its stop bit.
    Paced(Vec<(Duration, u8)>),
}

impl Default for Sent {
    fn default() -> Self {
        Self::Queued(Vec::new())
    }
}

impl Sent {
    /// What came after. A board sends in one of the two ways only.
    pub(super) fn append(&mut self, later: Self) {
        match (&mut *self, later) {
            (Self::Queued(bytes), Self::Queued(later)) => bytes.extend(later),
            (Self::Paced(bytes), Self::Paced(later)) => bytes.extend(later),
            (_, later) => *self = later,
        }
    }
}

/// How a device comes to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// It does nothing more on purpose.
    Halted,
    /// It panicked, its processor cannot go on, or computes without an end in sight.
    Crashed(Box<CrashReport>),
}

/// One record of the device's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Virtual time of the record.
    pub at: Duration,
    /// Level, upper case: `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE`.
    pub level: String,
    /// Module path of the code that wrote it, where the board tells.
    pub module: Option<String>,
    /// The text.
    pub text: String,
    /// Source file and line, where the board tells.
    pub place: Option<(String, u64)>,
    /// Records that were lost before this one, which is then a remark of the bench's.
    pub lost: u32,
    /// Cycles up to this record in which the processor did not sleep, where the board counts them.
    pub awake_cycles: Option<u64>,
}

impl fmt::Display for LogRecord {
    /// Time, level, text, and where in the source where the board tells.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, milliseconds) = (self.at.as_secs(), self.at.subsec_millis());
        let (level, text) = (&self.level, &self.text);
        write!(f, "{seconds:>5}.{milliseconds:03} {level:<5} {text}")?;
        match (&self.module, &self.place) {
            (Some(module), Some((file, line))) => write!(f, "  ({module}, {file}:{line})"),
            _ => Ok(()),
        }
    }
}

impl LogRecord {
    /// What a device wrote at `at`, or what the reader of its log remarked.
    pub(super) fn of_device(at: Duration, record: DeviceRecord) -> Self {
        Self {
            at,
            level: record.level.to_owned(),
            module: record.module,
            text: record.text,
            place: record.place,
            lost: record.lost,
            awake_cycles: None,
        }
    }

    /// Whether the application wrote it, which says the same on every board, and not what carries
    /// the application on one kind of board.
    pub(super) fn is_of_application(&self) -> bool {
        self.module
            .as_deref()
            .is_none_or(|module| module.split("::").next() == Some("firmware_app"))
    }
}
