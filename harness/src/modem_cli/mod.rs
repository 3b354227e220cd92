//! `hil modem`: the simulated modem alone, in wall time, for anybody's firmware.
//!
//! One thread owns the modem and sleeps until the modem's next deadline or the next input;
//! readers of the serial line and of each socket feed it through one channel. Bytes that arrive
//! in one read have one time, that of the read: a pseudo-terminal knows no byte times, and a USB
//! adapter hides those it had. Rules that look at the gap between bytes (`+++`) therefore see the
//! gaps between reads.

mod config;
mod error;
mod hosts;
mod input;
mod line;
mod mask;
mod serve;
mod show;
mod sockets;
mod tls;

pub use config::{Config, LineKind};
pub use error::ModemCliError;
pub use hosts::{HostError, Hosts};
pub(crate) use mask::mask;
pub use serve::{Stop, serve};
