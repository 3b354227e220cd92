//! What ends `hil modem`.

use std::io;
use std::path::PathBuf;

use modem_sim::SettingError;

use super::hosts::HostError;

/// Why there is no modem, or no longer one.
#[derive(Debug, thiserror::Error)]
pub enum ModemCliError {
    /// No such product.
    #[error("unknown modem `{name}`; known modems: {}", known.join(", "))]
    Profile {
        /// As given.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A `--set` without `=`. The text may be a password.
    #[error("`--set`: expected NAME=VALUE, for example `WKMOD=MQTT,NOR`")]
    SetForm,
    /// A `--set` that the modem would refuse.
    #[error("`--set`: {0}")]
    Setting(#[from] SettingError),
    /// A `--host` that is not understood.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The serial port cannot be opened.
    #[error("serial port `{}`: {source}{}", path.display(), hint(source))]
    Port {
        /// As given.
        path: PathBuf,
        /// What the system said.
        source: serialport::Error,
    },
    /// No pseudo-terminal can be made.
    #[error("cannot make a pseudo-terminal: {0}; `cargo hil doctor` says more")]
    Pty(serialport::Error),
    /// The open line refuses a setting.
    #[error("serial line: cannot {action}: {source}")]
    Line {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: serialport::Error,
    },
    /// The line went away under us, as when a USB adapter is pulled out.
    #[error("serial line: gone: {0}")]
    Gone(io::Error),
    /// Ctrl-C cannot be watched for.
    #[error("cannot watch for Ctrl-C: {0}")]
    Signals(#[from] ctrlc::Error),
    /// Standard output does not take the path of the pseudo-terminal.
    #[error("cannot tell the path of the pseudo-terminal: {0}")]
    Announce(io::Error),
}

impl ModemCliError {
    /// Whether the command line is wrong, as opposed to the machine.
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Profile { .. } | Self::SetForm | Self::Setting(_) | Self::Host(_)
        )
    }
}

fn hint(error: &serialport::Error) -> &'static str {
    match error.kind() {
        serialport::ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
            "; you may not use it: add yourself to its group (`dialout` on Debian) and log in again"
        }
        serialport::ErrorKind::NoDevice | serialport::ErrorKind::Io(io::ErrorKind::NotFound) => {
            "; is it plugged in? `ls /dev/serial/by-id` lists the adapters"
        }
        _ => "",
    }
}
