//! Commands: what arrives on `<prefix>/<name>`.

use core::fmt;
use core::ops::RangeInclusive;

use firmware_settings::limits;
use thiserror::Error;

/// Seconds between two samples that `interval` accepts, as in the settings.
pub const INTERVAL_S: RangeInclusive<u32> = limits::PERIOD_S;

/// An order to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `interval`: take a sample every so many seconds, until the next boot. The payload is the
    /// number in decimal digits.
    Interval(u32),
    /// `status`: publish the status now. The payload does not matter.
    Status,
    /// `reboot`: restart the device. The payload does not matter.
    Reboot,
}

/// A message on a command topic that is no order. It is logged and has no effect. What was sent
/// is not repeated: it is not ours, and may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The name is none of ours.
    #[error("unknown command, known are interval, status, reboot")]
    Unknown,
    /// A stored message: an order is for the device that is there, not for every later one. A
    /// retained `reboot` would restart the device for ever.
    #[error("{0}: retained messages are no orders, publish it without retain")]
    Retained(&'static str),
    /// The payload is not a decimal number.
    #[error("interval: the payload of {size} bytes is no decimal number of seconds")]
    NotANumber {
        /// Size of the payload in bytes.
        size: usize,
    },
    /// The number is out of range.
    #[error("interval: {value} s is out of range, {min} to {max}")]
    OutOfRange {
        /// The number.
        value: u32,
        /// Smallest interval in seconds.
        min: u32,
        /// Largest interval in seconds.
        max: u32,
    },
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interval(seconds) => write!(f, "interval {seconds} s"),
            Self::Status => f.write_str("status"),
            Self::Reboot => f.write_str("reboot"),
        }
    }
}

impl Command {
    /// Reads a message on `<prefix>/<name>`.
    ///
    /// # Errors
    /// When it is no order; see [`CommandError`].
    pub fn parse(name: &str, payload: &[u8], retained: bool) -> Result<Self, CommandError> {
        let name = match name {
            "interval" => "interval",
            "status" => "status",
            "reboot" => "reboot",
            _ => return Err(CommandError::Unknown),
        };
        if retained {
            return Err(CommandError::Retained(name));
        }
        match name {
            "interval" => interval(payload).map(Self::Interval),
            "status" => Ok(Self::Status),
            _ => Ok(Self::Reboot),
        }
    }
}

fn interval(payload: &[u8]) -> Result<u32, CommandError> {
    let digits = payload.trim_ascii();
    let value = core::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or(CommandError::NotANumber {
            size: payload.len(),
        })?;
    if !INTERVAL_S.contains(&value) {
        return Err(CommandError::OutOfRange {
            value,
            min: *INTERVAL_S.start(),
            max: *INTERVAL_S.end(),
        });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn orders() {
        let parse = |name, payload: &[u8]| Command::parse(name, payload, false);
        assert_eq!(parse("interval", b"30"), Ok(Command::Interval(30)));
        assert_eq!(
            parse("interval", b" 86400\n"),
            Ok(Command::Interval(86_400))
        );
        assert_eq!(parse("status", b""), Ok(Command::Status));
        assert_eq!(parse("reboot", b"please"), Ok(Command::Reboot));
    }

    #[test]
    fn what_is_no_order() {
        let parse = |name, payload: &[u8]| Command::parse(name, payload, false).unwrap_err();
        assert_eq!(parse("Reboot", b""), CommandError::Unknown);
        assert_eq!(parse("", b""), CommandError::Unknown);
        for bad in [
            &b""[..],
            b"+30",
            b"-1",
            b"3.5",
            b"1e3",
            b"0x10",
            b"\xff",
            b"99999999999",
        ] {
            let size = bad.len();
            assert_eq!(parse("interval", bad), CommandError::NotANumber { size });
        }
        for value in [0, 86_401, u32::MAX] {
            let payload = alloc::format!("{value}");
            let (min, max) = (1, 86_400);
            assert_eq!(
                parse("interval", payload.as_bytes()),
                CommandError::OutOfRange { value, min, max }
            );
        }
    }

    #[test]
    fn a_retained_message_is_no_order() {
        assert_eq!(
            Command::parse("reboot", b"", true),
            Err(CommandError::Retained("reboot"))
        );
    }

    proptest! {
        #[test]
        fn anything_may_come(name: alloc::string::String, payload: alloc::vec::Vec<u8>) {
            let _ = Command::parse(&name, &payload, false);
            if let Ok(Command::Interval(seconds)) = Command::parse("interval", &payload, false) {
                prop_assert!(INTERVAL_S.contains(&seconds));
            }
        }
    }
}
