//! The modem driver: from power-up to a transparent TCP connection.

mod error;
mod link;

pub use error::{BringUpError, ModemError, SimFault};
pub use link::{LinkInfo, Rat};
