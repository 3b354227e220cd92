//! The retained status message and the will that replaces it.

use serde::Serialize;

use crate::platform::ResetReason;

/// Bytes that hold any status or will as JSON.
pub const MAX_STATUS_JSON: usize = 256;

/// Published retained at the begin of each session and on the command `status`.
///
/// ```text
/// {"online":true,"boot":7,"reset_reason":"power-on","interval_s":60,"dropped":0,"reconnects":0,
///  "firmware":"0.1.0"}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Status {
    online: bool,
    boot: u32,
    reset_reason: &'static str,
    interval_s: u32,
    dropped: u32,
    reconnects: u32,
    firmware: &'static str,
}

impl Status {
    /// The status of a device that is connected.
    ///
    /// `interval_s`: seconds between two samples; `dropped`: samples lost to a full queue since
    /// boot; `reconnects`: sessions after the first one since boot.
    pub const fn new(
        boot: u32,
        reset_reason: ResetReason,
        interval_s: u32,
        dropped: u32,
        reconnects: u32,
    ) -> Self {
        Self {
            online: true,
            boot,
            reset_reason: word(reset_reason),
            interval_s,
            dropped,
            reconnects,
            firmware: crate::VERSION,
        }
    }

    /// Writes the JSON, returns its size.
    ///
    /// # Errors
    /// `out` is smaller than [`MAX_STATUS_JSON`].
    pub fn write_json(&self, out: &mut [u8]) -> Result<usize, serde_json_core::ser::Error> {
        serde_json_core::to_slice(self, out)
    }
}

/// Stable word for a reset reason.
pub(crate) const fn word(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::PowerOn => "power-on",
        ResetReason::Software => "software",
        ResetReason::Watchdog => "watchdog",
        ResetReason::BrownOut => "brown-out",
        ResetReason::Panic => "panic",
    }
}

/// Published retained by the broker when the device is gone, and by the device before a restart.
///
/// ```text
/// {"online":false,"boot":7}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Will {
    online: bool,
    boot: u32,
}

impl Will {
    /// The last word of boot `boot`.
    pub const fn new(boot: u32) -> Self {
        Self {
            online: false,
            boot,
        }
    }

    /// Writes the JSON, returns its size.
    ///
    /// # Errors
    /// `out` is smaller than [`MAX_STATUS_JSON`].
    pub fn write_json(&self, out: &mut [u8]) -> Result<usize, serde_json_core::ser::Error> {
        serde_json_core::to_slice(self, out)
    }
}
