//! `hil board serve`: a virtual board as if it stood on the desk.
//!
//! In step with the wall clock, behind a debug probe on a TCP port and a serial port: for any
//! program it is a board like a real one, and `hil.toml` lists it like one.

mod error;
mod link;
mod port;
mod serve;

pub use error::ServeError;
pub use serve::{Config, Stop, serve};
