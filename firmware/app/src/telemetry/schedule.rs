//! When samples are due.

use embassy_time::{Duration, Instant};

/// A grid of instants. Late or not, the next sample is due at the next point of the grid: the
/// grid does not drift, and a device that was busy for several periods takes one sample, not a
/// row of equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    due: Instant,
    period: Duration,
}

impl Schedule {
    /// The first point lies one `period` after `now`. A period of 0 counts as one millisecond.
    pub fn new(now: Instant, period: Duration) -> Self {
        let period = period.max(Duration::from_millis(1));
        Self {
            due: now + period,
            period,
        }
    }

    /// When the next sample is due.
    pub const fn due(&self) -> Instant {
        self.due
    }

    /// A sample was taken at `now`: moves on to the first point after it.
    pub fn taken(&mut self, now: Instant) {
        if now >= self.due {
            let late = now.duration_since(self.due).as_ticks();
            let periods = late / self.period.as_ticks() + 1;
            self.due += Duration::from_ticks(self.period.as_ticks() * periods);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_on_the_grid_when_late() {
        let mut schedule = Schedule::new(Instant::from_millis(500), Duration::from_secs(10));
        assert_eq!(schedule.due(), Instant::from_millis(10_500));
        schedule.taken(Instant::from_millis(10_500));
        assert_eq!(schedule.due(), Instant::from_millis(20_500));
        schedule.taken(Instant::from_millis(20_900));
        assert_eq!(schedule.due(), Instant::from_millis(30_500));
        schedule.taken(Instant::from_millis(61_000));
        assert_eq!(schedule.due(), Instant::from_millis(70_500));
    }

    #[test]
    fn a_sample_before_its_time_moves_nothing() {
        let mut schedule = Schedule::new(Instant::from_secs(0), Duration::from_secs(10));
        schedule.taken(Instant::from_secs(3));
        assert_eq!(schedule.due(), Instant::from_secs(10));
    }
}
