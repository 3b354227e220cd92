//! MQTT 5 on a verified connection: status, telemetry, commands.

mod commands;
mod connect;
mod error;
mod reason;
mod session;
mod status;
#[cfg(test)]
mod tests;
mod watch;

pub use commands::{Command, CommandError, INTERVAL_S};
pub use connect::CONNACK_TIMEOUT;
pub use error::Error;
pub use reason::Reason;
pub use session::{PUBACK_TIMEOUT, SUBACK_TIMEOUT, WINDOW};
pub use status::{MAX_STATUS_JSON, Status, Will};

pub(crate) use connect::{Buffers, serve};
pub(crate) use session::Ended;
pub(crate) use status::word;
