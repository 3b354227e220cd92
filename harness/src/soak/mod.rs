//! Many virtual hours of random faults, and what must hold all the same.
//!
//! A round is one world with a list of faults drawn from a seed: the device lives with them, then
//! the faults stop, and it has to recover and deliver everything. A round that fails is shrunk to
//! the fewest faults that still make it fail.

mod account;
mod draw;
mod error;
mod invariants;
mod round;
mod shrink;

pub use account::{Account, State};
pub use draw::draw;
pub use error::Violation;
pub use round::{RECOVERY, Round, Verdict, round};
pub use shrink::{Shrunk, shrink};
