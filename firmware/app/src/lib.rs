#![no_std]
//! Everything the device does, on any board.

#[cfg(test)]
extern crate alloc;
#[cfg(test)]
extern crate std;

#[macro_use]
mod fmt;

mod alert;
pub mod at;
pub mod backoff;
pub mod clock;
mod memory;
pub mod modem;
pub mod mqtt;
mod notify;
mod overruns;
pub mod platform;
pub mod ring;
mod run;
mod shared;
pub mod telemetry;
pub mod tls;

pub use memory::Memory;
pub use run::run;

/// Version of this firmware, as the status message tells it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
