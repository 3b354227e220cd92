//! Runs scenarios again whenever what they are made of changes.
//!
//! [`change`] says what a changed file means, [`plan`] what has to be done about all of them;
//! both only look at paths and texts. `files` hears of changes, `child` runs cargo and `hil run`,
//! `session` is the loop around them.

mod change;
mod child;
mod error;
mod files;
mod plan;
mod session;

pub use change::Change;
pub use error::WatchError;
pub use plan::{Listed, Plan, Work};
pub use session::{Options, watch};
