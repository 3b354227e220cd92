//! Samples: when they are taken, how they are kept, how they are written.

mod queue;
mod sample;
mod sampler;
mod schedule;

pub use queue::{CAPACITY, Queue};
pub use sample::{MAX_JSON, Sample};
pub use schedule::Schedule;

pub(crate) use sampler::sample_forever;
