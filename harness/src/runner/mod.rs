//! Runs scenarios on boards, several at a time, and says what happens as events.
//!
//! The runner decides what runs when; it formats nothing. Whoever wants to show or to keep
//! something is a [`Reporter`] and hears every [`Event`] in order, on one thread.

mod attempt;
mod event;
mod partition;
mod plan;
mod pool;
mod queue;
mod record;
mod selection;

pub use event::{Event, Reporter};
pub use partition::{Partition, PartitionError};
pub use plan::{Job, Plan, default_workers};
pub use pool::run;
pub use record::{Record, Status, Summary};
pub use selection::Selection;
