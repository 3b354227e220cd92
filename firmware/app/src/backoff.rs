//! How long to wait after a failure.

use embassy_time::Duration;
use rand_core::RngCore;

/// Doubling waits between two bounds, each drawn from the upper half of its step, so that many
/// devices that lost the same broker do not come back at the same instant.
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: u32,
}

/// Bounds of a [`Backoff`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Step after the first failure.
    pub first: Duration,
    /// Largest step.
    pub last: Duration,
}

/// After failures that pass by themselves: 2 s to 5 min.
pub const TRANSIENT: Bounds = Bounds {
    first: Duration::from_secs(2),
    last: Duration::from_secs(300),
};

/// After failures that somebody has to come for, for example a SIM card: 1 min to 1 h.
pub const PERMANENT: Bounds = Bounds {
    first: Duration::from_secs(60),
    last: Duration::from_secs(3600),
};

impl Backoff {
    /// No failure yet.
    pub const fn new() -> Self {
        Self { failures: 0 }
    }

    /// Something worked for a while: begin with short waits again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after one more failure: between half of the step and the step.
    pub fn next(&mut self, bounds: Bounds, rng: &mut impl RngCore) -> Duration {
        let factor = 1u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        let first = bounds.first.as_millis();
        let step = first.saturating_mul(factor).min(bounds.last.as_millis());
        self.failures = self.failures.saturating_add(1);
        let half = step / 2;
        Duration::from_millis(step - half + u64::from(rng.next_u32()) % (half + 1))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};
    use rand_core::impls;

    use super::*;

    struct Fixed(u32);

    impl RngCore for Fixed {
        fn next_u32(&mut self) -> u32 {
            self.0
        }
        fn next_u64(&mut self) -> u64 {
            self.0.into()
        }
        fn fill_bytes(&mut self, dest: &mut [u8]) {
            impls::fill_bytes_via_next(self, dest);
        }
        fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(dest);
            Ok(())
        }
    }

    #[test]
    fn doubles_up_to_the_bound_and_starts_anew() {
        let mut backoff = Backoff::new();
        let mut lowest = || backoff.next(TRANSIENT, &mut Fixed(0)).as_millis();
        let steps = [1, 2, 4, 8, 16, 32, 64, 128, 150, 150].map(|s: u64| s * 1000);
        assert_eq!(steps.map(|_| lowest()), steps);
        backoff.reset();
        assert_eq!(backoff.next(TRANSIENT, &mut Fixed(0)).as_secs(), 1);
    }

    proptest! {
        #[test]
        fn stays_in_bounds(random: u32, failures: u32) {
            for bounds in [TRANSIENT, PERMANENT] {
                let mut backoff = Backoff { failures };
                let wait = backoff.next(bounds, &mut Fixed(random));
                prop_assert!(wait >= bounds.first / 2 && wait <= bounds.last);
            }
        }
    }
}
