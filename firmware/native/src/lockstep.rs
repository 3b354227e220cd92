//! The lockstep protocol between the rig and a native device process.
//!
//! Each message is a 32-bit little-endian length followed by that many bytes of `postcard`, on
//! stdin towards the device and on stdout back. The rig speaks first; the device answers each
//! request with one response. When stdin ends, so does the device: no process outlives its rig.

use std::io::{self, Read, Write};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::flash::FlashChange;

/// Longest message either side accepts, in bytes.
pub const MAX_MESSAGE: usize = 1 << 20;

/// What the rig asks of the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Power the device up. First message, once.
    Start(Start),
    /// Run to `until`, or to the first instant at which the device writes to the UART, logs or ends.
    Advance {
        /// Horizon in virtual time.
        until: Duration,
        /// Bytes that arrive on the way, each with the instant its stop bit ended, in order.
        receive: Vec<(Duration, u8)>,
    },
}

/// How a device starts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Virtual time at power-up.
    pub now: Duration,
    /// The bytes of the settings partition.
    pub settings: Vec<u8>,
    /// The bytes of the partition for samples, as the run before left them; empty: erased.
    pub outbox: Vec<u8>,
    /// Seed of the device's randomness; the same seed gives the same bytes.
    pub seed: u64,
    /// Why the device starts.
    pub reset: Reset,
    /// Build time that the device believes in, seconds since 1970-01-01 UTC.
    pub build_time: u64,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The settings hold the broker's password.
        f.debug_struct("Start")
            .field("now", &self.now)
            .field("settings", &format_args!("{} bytes", self.settings.len()))
            .field("seed", &self.seed)
            .field("reset", &self.reset)
            .field("build_time", &self.build_time)
            .finish()
    }
}

/// Reset reasons a rig can cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reset {
    /// Power came up.
    PowerOn,
    /// The device asked for it.
    Software,
    /// The previous process panicked.
    Panic,
    /// The supply sagged.
    BrownOut,
}

/// What the device answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Where the device's clock stands now: `until`, or earlier.
    pub now: Duration,
    /// Bytes written to the UART at `now`.
    pub sent: Vec<u8>,
    /// The instant until which nothing happens without input; `None`: for ever.
    pub idle_until: Option<Duration>,
    /// Log records since the last response.
    pub log: Vec<LogRecord>,
    /// What changed in the partition for samples since the last response, in order.
    pub flash: Vec<FlashChange>,
    /// The modem's reset line was pulled (true) or let go at `now`.
    pub modem_reset: Option<bool>,
    /// Set when the application has returned.
    pub exit: Option<ExitKind>,
}

/// One record of the device's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// Virtual time of the record.
    pub at: Duration,
    /// Level, upper case: `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE`.
    pub level: String,
    /// The text.
    pub text: String,
}

/// How the application returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitKind {
    /// It asked for a reset.
    Reboot,
    /// It stays where it is and does nothing.
    Halt,
}

/// Why a message could not be sent or received.
#[derive(Debug, thiserror::Error)]
pub enum LockstepError {
    /// The pipe broke.
    #[error("lockstep pipe: {0}")]
    Io(#[from] io::Error),
    /// The peer announced a message longer than [`MAX_MESSAGE`].
    #[error("lockstep message of {0} bytes, at most {MAX_MESSAGE} are allowed")]
    TooLong(usize),
    /// The bytes are not a message of this protocol.
    #[error("lockstep message is malformed: {0}; are both ends of the same build?")]
    Malformed(#[from] postcard::Error),
}

/// Writes one message and flushes.
pub fn send(writer: &mut impl Write, message: &impl Serialize) -> Result<(), LockstepError> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(message, bytes)?;
    let length = bytes.len() - 4;
    if length > MAX_MESSAGE {
        return Err(LockstepError::TooLong(length));
    }
    bytes[..4].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    writer.write_all(&bytes)?;
    writer.flush()?;
    Ok(())
}

/// Reads one message; `None` when the peer closed the pipe between two messages.
pub fn receive<T: DeserializeOwned>(reader: &mut impl Read) -> Result<Option<T>, LockstepError> {
    let mut length = [0; 4];
    match reader.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_MESSAGE {
        return Err(LockstepError::TooLong(length));
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(Some(postcard::from_bytes(&bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_pipe() {
        let request = Request::Advance {
            until: Duration::from_millis(1500),
            receive: vec![(Duration::from_micros(87), b'a')],
        };
        let mut pipe = Vec::new();
        send(&mut pipe, &request).unwrap();
        assert_eq!(
            receive::<Request>(&mut pipe.as_slice()).unwrap(),
            Some(request)
        );
    }

    #[test]
    fn the_end_of_the_pipe_is_not_an_error() {
        assert!(receive::<Request>(&mut [].as_slice()).unwrap().is_none());
    }

    #[test]
    fn an_absurd_length_is_refused_before_anything_is_allocated() {
        let bytes = u32::MAX.to_le_bytes();
        assert!(matches!(
            receive::<Request>(&mut bytes.as_slice()),
            Err(LockstepError::TooLong(_))
        ));
    }

    #[test]
    fn settings_do_not_show_in_debug_output() {
        let start = Start {
            now: Duration::ZERO,
            settings: b"hunter2".to_vec(),
            outbox: Vec::new(),
            seed: 1,
            reset: Reset::PowerOn,
            build_time: 0,
        };
        assert!(format!("{start:?}").contains("7 bytes"));
    }
}
