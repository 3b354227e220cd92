//! What can break on the bench, as opposed to in the firmware.

use std::io;
use std::time::Duration;

use firmware_native::lockstep::LockstepError;

use crate::board::{BoardError, LineError};
use crate::broker::BrokerError;

/// The bench broke: nothing is known of the firmware. A verdict of `infra`, exit code 3.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RigError {
    /// The native board's process could not be started.
    #[error("cannot start the native board `{program}`: {source}")]
    Spawn {
        /// Path of the program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The native board's process ended or spoke something else.
    #[error("the native board stopped answering: {source}; its last words: {stderr}")]
    Board {
        /// Why.
        source: LockstepError,
        /// The end of its stderr.
        stderr: String,
    },
    /// The board or its probe failed.
    #[error(transparent)]
    BoardBench(#[from] BoardError),
    /// The serial port failed.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The board has no modem port.
    #[error(
        "board `{board}`: hil.toml names no `modem_port`, so nobody can be its modem; add the \
         serial port that its UART is wired to"
    )]
    NoModemPort {
        /// Its name.
        board: String,
    },
    /// Nobody can switch the board's power.
    #[error(
        "the scenario cuts the device's power, which board `{board}` has no switch for; run it on \
         `native` or `virtual`"
    )]
    NoPowerSwitch {
        /// Its name.
        board: String,
    },
    /// The board runs the firmware's image, and there is none.
    #[error("the board `{board}` needs the firmware's image, which was not built")]
    NoFirmware {
        /// Its name.
        board: String,
    },
    /// The broker failed.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// A socket of the modem's network edge failed in a way no network would.
    #[error("network edge, {action}: {source}")]
    Edge {
        /// What was being done.
        action: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The settings do not fit the partition.
    #[error("cannot encode the device settings: {0}")]
    Settings(String),
    /// The user asked to stop.
    #[error("cancelled at {0:?} of virtual time")]
    Cancelled(Duration),
    /// The world did not get on.
    #[error("virtual time stands still at {at:?} after {steps} steps; last: {last}")]
    Stuck {
        /// Virtual time.
        at: Duration,
        /// Steps taken at that instant.
        steps: u32,
        /// The component that kept asking.
        last: &'static str,
    },
}

/// The scenario waited for something that did not happen in time: a failure of the firmware.
#[derive(Debug, thiserror::Error)]
#[error("{what} did not happen within {within:?} (virtual time is {now:?}){hint}")]
pub struct NotSeen {
    /// What was waited for.
    pub what: String,
    /// How long, in virtual time.
    pub within: Duration,
    /// Virtual time at the end of the wait.
    pub now: Duration,
    /// What was seen instead.
    pub hint: String,
}
