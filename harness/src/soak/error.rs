//! What must hold, and did not.

use std::time::Duration;

/// An invariant that was broken, and when that was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("after {} s: {what}", at.as_secs())]
pub struct Violation {
    /// The world's time.
    pub at: Duration,
    /// Which, with the values.
    pub what: String,
}
