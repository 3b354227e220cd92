//! MQTT 5 on a verified connection: status, telemetry, commands.

mod commands;
mod error;
mod session;
mod status;
#[cfg(test)]
mod tests;
mod watch;

pub use commands::{Command, CommandError, INTERVAL_S};
pub use error::Error;
pub use session::{CONNACK_TIMEOUT, PUBACK_TIMEOUT, SUBACK_TIMEOUT, WINDOW};
pub use status::{MAX_STATUS_JSON, Status, Will};

pub(crate) use session::{Buffers, Ended, serve};
pub(crate) use status::word;
