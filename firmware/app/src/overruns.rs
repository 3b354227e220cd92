//! Tells of bytes that the receive path lost.

use core::cell::Cell;

use embassy_time::{Duration, Instant};

/// Shortest time between two lines while bytes keep being lost.
const PERIOD: Duration = Duration::from_secs(10);

/// How many bytes were lost since boot, and how many of them the log has told of.
///
/// A lost byte shows up much later and as something else: a handshake that ends in a time-out, a
/// record that does not decrypt. The line in the log is what names the cause.
#[derive(Debug, Default)]
pub(crate) struct Overruns {
    total: Cell<u32>,
    told: Cell<u32>,
    told_at: Cell<Option<Instant>>,
}

impl Overruns {
    /// Bytes lost since boot, as last seen.
    pub(crate) fn total(&self) -> u32 {
        self.total.get()
    }

    /// Takes over the count of the receive path, and tells when it has grown. A growth within ten
    /// seconds of the last line waits for the next call after them, or for [`tell`](Self::tell).
    pub(crate) fn see(&self, total: u32) {
        self.total.set(total);
        say(self.due(Instant::now()));
    }

    /// Tells what has not been told yet, if anything.
    pub(crate) fn tell(&self) {
        say(self.untold(Instant::now()));
    }

    /// The bytes to tell of now, unless it is too soon.
    fn due(&self, now: Instant) -> u32 {
        let last = self.told_at.get();
        match last.is_some_and(|at| now.saturating_duration_since(at) < PERIOD) {
            true => 0,
            false => self.untold(now),
        }
    }

    /// The bytes that were not told of, which they are from now on.
    fn untold(&self, now: Instant) -> u32 {
        let total = self.total.get();
        let new = total.saturating_sub(self.told.replace(total));
        if new > 0 {
            self.told_at.set(Some(now));
        }
        new
    }
}

fn say(lost: u32) {
    if lost > 0 {
        warn!(
            "uart: at least {} bytes lost, the receive path was too slow",
            lost
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_told_of_once_and_not_too_often() {
        let overruns = Overruns::default();
        for (second, total, told) in [
            (1, 0, 0),
            (2, 129, 129),
            (3, 129, 0),
            (4, 130, 0),
            (11, 140, 0),
            (12, 150, 21),
            (60, 150, 0),
            (61, 151, 1),
        ] {
            overruns.total.set(total);
            let lost = overruns.due(Instant::from_secs(second));
            assert_eq!(lost, told, "at {second} s, with {total} bytes lost");
        }
    }

    #[test]
    fn what_waits_is_told_of_when_the_connection_fails() {
        let overruns = Overruns::default();
        overruns.total.set(5);
        assert_eq!(overruns.due(Instant::from_secs(1)), 5);
        overruns.total.set(8);
        assert_eq!(overruns.due(Instant::from_secs(2)), 0);
        assert_eq!(overruns.untold(Instant::from_secs(2)), 3);
        assert_eq!(overruns.untold(Instant::from_secs(2)), 0);
    }
}
