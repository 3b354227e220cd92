//! The modem driver: from power-up to a transparent TCP connection.
//!
//! [`Modem::bring_up`] and [`Modem::recover_link`] are all that the device needs; between them
//! [`Modem::transport`] is the byte stream to the broker. Every rule here is one of MODEM.md.

mod bring_up;
mod driver;
mod error;
mod handshake;
mod ladder;
mod link;
mod profile;
mod service;
mod sms;
mod timing;
mod transport;

pub use driver::Modem;
pub use error::{BringUpError, ModemError, SimFault};
pub use link::LinkInfo;
pub use profile::Profile;
pub use transport::Transport;

pub(crate) use ladder::{Ladder, RESET_PULSE};

pub use crate::at::values::Rat;
