//! The device's application as a host process.
//!
//! The same `firmware-app` that the chip runs, on a thread-local [virtual clock](time_driver),
//! behind a [lockstep protocol](lockstep) on stdin and stdout. A reset is a restart of the
//! process, a panic harms nobody else, and several devices run side by side.
//!
//! Computing takes no virtual time here, so nothing can overrun for want of processor time; the
//! virtual chip shows that.

pub mod executor;
pub mod flash;
pub mod lockstep;
mod logger;
mod process;
mod system;
pub mod time_driver;
pub mod uart;

pub use process::{ProcessError, run_stdio, serve};
