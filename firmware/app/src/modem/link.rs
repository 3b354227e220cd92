//! What is known about the link once it stands.

use core::fmt;

/// Facts about the mobile link at the moment [`bring_up`](super::Modem::bring_up) returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkInfo {
    /// Signal strength, 0 to 31 (dBm = 2 x csq - 113), 99 = unknown.
    pub csq: u8,
    /// Radio access technology.
    pub rat: Rat,
    /// Seconds since 1970-01-01 UTC at that moment, from the network; `None` while the modem's
    /// clock is not set.
    pub time: Option<u64>,
    /// Whether settings of the modem had to be changed and saved.
    pub wrote_settings: bool,
}

/// Radio access technology, from the second field of `+SYSINFO` (MODEM.md 0.3, item 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rat {
    /// LTE.
    Lte,
    /// GSM or GPRS.
    Gsm,
    /// Anything else.
    Unknown,
}

impl Rat {
    /// `"lte"`, `"gsm"` or `"unknown"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lte => "lte",
            Self::Gsm => "gsm",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Rat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
