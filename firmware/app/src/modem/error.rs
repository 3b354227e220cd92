//! Every way in which the modem can let the device down.

use embedded_io_async::ErrorKind;
use firmware_settings::limits;
use heapless::String;
use thiserror::Error;

use crate::at::AtError;

/// An exchange with the modem failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModemError {
    /// Not one byte came back, neither to `+++` nor to a command.
    #[error("the modem does not answer: check its power, the wiring and the baud rate")]
    NoAnswer,
    /// Bytes came back, and none of them was the answer to `+++`.
    #[error("the modem sends bytes but does not enter command mode: check GND and the baud rate")]
    NotInCommandMode,
    /// The modem was in command mode and then did not answer a command.
    #[error("the modem did not answer {command} within {seconds} s")]
    ReplyTimeout {
        /// The command, without its parameters.
        command: &'static str,
        /// How long the device waited, in seconds.
        seconds: u64,
    },
    /// The modem said `OK` and not what it was asked for.
    #[error("the modem's answer to {command} cannot be read")]
    Unreadable {
        /// The command.
        command: &'static str,
    },
    /// The modem answered a command with an error.
    #[error("the modem rejected {command}: {code}")]
    CommandRejected {
        /// The command, without its parameters.
        command: &'static str,
        /// What it said.
        code: AtError,
    },
    /// The modem restarted by itself: it is in its working mode again.
    #[error("the modem restarted by itself")]
    Restarted,
    /// The SIM card is absent or locked.
    #[error("the modem reports a SIM fault: {0}")]
    SimFault(SimFault),
    /// The modem gave up registering (`Net Reg Fail`) and is about to restart.
    #[error("the modem gave up registering with a network: check antenna and coverage")]
    RegistrationFailed,
    /// The UART itself failed.
    #[error("the UART to the modem failed: {0:?}")]
    Uart(ErrorKind),
}

/// What is wrong with the SIM card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SimFault {
    /// The modem said `No Sim.Reboot`: it sees no card, or one it cannot open.
    #[error("no usable card (absent or locked by a PIN)")]
    NotUsable,
    /// The card asks for a PIN: remove the PIN with a telephone.
    #[error("the card asks for a PIN: remove the PIN")]
    PinRequired,
    /// The card asks for a PUK.
    #[error("the card asks for its PUK: unlock it")]
    PukRequired,
}

/// The modem could not be brought to a working connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BringUpError {
    /// An exchange with the modem failed.
    #[error(transparent)]
    Modem(#[from] ModemError),
    /// No network was found within the bound.
    #[error("not registered after {seconds} s, signal {csq}: check antenna and coverage")]
    NotRegistered {
        /// Last signal reading, 0 to 31; 99 = none.
        csq: u8,
        /// How long the device waited, in seconds.
        seconds: u64,
    },
    /// There is signal and no data service, and the modem says that no data context is active.
    #[error("no data service with signal {csq}: the network did not accept APN '{apn}'")]
    ApnRejected {
        /// Last signal reading, 0 to 31.
        csq: u8,
        /// Access point name that is configured.
        apn: String<{ limits::APN }>,
    },
    /// There is signal and no data service, for a reason the modem does not tell.
    #[error("no data service after {seconds} s with signal {csq}: check subscription and APN")]
    NoService {
        /// Last signal reading, 0 to 31.
        csq: u8,
        /// How long the device waited, in seconds.
        seconds: u64,
    },
    /// The network works and the TCP connection does not come about.
    #[error("no TCP connection after {seconds} s: check broker host, port and firewall")]
    LinkRefused {
        /// How long the device waited, in seconds.
        seconds: u64,
    },
    /// A setting was written, saved, and is still not what was written.
    #[error("the modem did not keep {item}: it reads back differently after the restart")]
    ReadBackMismatch {
        /// Name of the setting, for example `SOCKA`.
        item: &'static str,
    },
    /// The modem does not know a command that the device cannot do without.
    #[error("the modem does not know {command}: its firmware is too old or it is another model")]
    DialectTooOld {
        /// The command.
        command: &'static str,
    },
}

impl BringUpError {
    /// Whether the modem said nothing that makes sense: to be asked again, or to be reset.
    pub const fn is_mute(&self) -> bool {
        matches!(
            self,
            Self::Modem(
                ModemError::NoAnswer
                    | ModemError::NotInCommandMode
                    | ModemError::ReplyTimeout { .. }
                    | ModemError::Unreadable { .. }
            )
        )
    }

    /// Whether waiting and trying again may help without anybody coming to the device.
    pub const fn is_transient(&self) -> bool {
        !matches!(
            self,
            Self::Modem(ModemError::SimFault(_))
                | Self::DialectTooOld { .. }
                | Self::ReadBackMismatch { .. }
        )
    }
}
