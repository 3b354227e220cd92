//! Faults on the two links of a device, and at the far end: what, where, and when.
//!
//! A fault is an [`Effect`] during a [`Window`] of the world's time. It is said in Rust, or as text
//! as `hil run --fault` takes it (see [`Fault::from_str`](std::str::FromStr)). The same seed and the
//! same faults repeat themselves byte for byte.

mod error;
mod garble;
mod line;
mod net;
mod parse;
mod schedule;
mod spec;
mod unit;

pub use error::FaultError;
pub(crate) use garble::garble;
pub(crate) use line::LineFaults;
pub use net::{CONNECT_TIMEOUT, KEEP_ALIVE};
pub(crate) use net::{Dialled, NetFaults, Travel};
pub(crate) use schedule::{Moment, Schedule};
pub use spec::{BrokerFault, Effect, Fault, ModemFault, NetFault, UartFault, Way, Window};
pub use unit::Rate;
