//! Samples: when they are taken, how they are kept, how they are written.

mod keeper;
mod log;
mod outbox;
mod queue;
mod record;
mod sample;
mod sampler;
mod schedule;
mod scrub;
#[cfg(test)]
mod test_flash;

pub use log::{Log, LogError, Store};
pub use outbox::KEEP_AFTER;
pub use queue::{CAPACITY, Queue};
pub use record::Queued;
pub use sample::{MAX_JSON, Sample};
pub use schedule::Schedule;

pub(crate) use keeper::keep_forever;
pub(crate) use outbox::Outbox;
pub(crate) use sampler::sample_forever;
