//! Runs one scenario and turns whatever happens into an [`Outcome`].

use super::{Options, Outcome, Scenario};

/// Runs `scenario` to its end on the calling thread. Never panics.
pub fn execute(_scenario: &Scenario, _options: &Options) -> Outcome {
    unreachable!("under construction")
}
