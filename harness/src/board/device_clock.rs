//! The device's clock on the bench's time line, where the two are not one.
//!
//! A record carries the device's time, and is read some time after it was written: the device
//! started at the instant of reading less the record's time, or before. The earliest of all these
//! instants is taken for the start, so that the estimate only gets better, records keep their order
//! and their distances, and none lies behind the instant at which it was read.

use std::time::Duration;

/// When the device started, as far as it is known.
#[derive(Debug, Default)]
pub struct DeviceClock {
    /// The latest instant at which the device can have started, in nanoseconds of the bench's time;
    /// negative for one that ran before the bench did.
    start: i128,
    /// The device's time of the last record.
    last: Duration,
    /// Where that was put.
    placed: Duration,
}

impl DeviceClock {
    /// A device that was started at `now` at the latest.
    pub fn started(now: Duration) -> Self {
        Self {
            start: nanos(now),
            last: Duration::ZERO,
            placed: Duration::ZERO,
        }
    }

    /// Instants of records with the device's times `times`, in order, that were read at `read`.
    /// Those without a time get that of the one before. A time that goes back is a device that
    /// has started anew.
    pub fn place(&mut self, read: Duration, times: &[Option<Duration>]) -> Vec<Duration> {
        let mut instants = Vec::with_capacity(times.len());
        let mut rest = times;
        while !rest.is_empty() {
            let run = self.run(rest);
            let (now, later) = rest.split_at(run);
            let end = now.iter().flatten().max().copied().unwrap_or(self.last);
            self.start = self.start.min(nanos(read) - nanos(end));
            for time in now {
                let at = self.start + nanos(time.unwrap_or(self.last));
                let at = Duration::from_nanos(u64::try_from(at).unwrap_or(0)).min(read);
                // A device that started again did so after its last word.
                self.placed = self.placed.max(at);
                self.last = time.unwrap_or(self.last);
                instants.push(self.placed);
            }
            rest = later;
            if !rest.is_empty() {
                // The new start is not known yet: at the latest now.
                (self.start, self.last) = (nanos(read), Duration::ZERO);
            }
        }
        instants
    }

    /// How many of `times` belong to the current start: the first that goes back is the next one's.
    fn run(&self, times: &[Option<Duration>]) -> usize {
        let mut last = self.last;
        for (index, time) in times.iter().enumerate() {
            let time = time.unwrap_or(last);
            if time < last {
                return index;
            }
            last = time;
        }
        times.len()
    }
}

/// A `Duration` has at most 2^64 seconds: far from the limits of an `i128` of nanoseconds.
fn nanos(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn place(clock: &mut DeviceClock, read: u64, times: &[u64]) -> Vec<u128> {
        let times: Vec<_> = times.iter().map(|time| Some(ms(*time))).collect();
        let placed = clock.place(ms(read), &times);
        placed.iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn records_of_one_reading_keep_their_distances() {
        let mut clock = DeviceClock::started(ms(50));
        assert_eq!(place(&mut clock, 200, &[10, 25, 130]), [60, 75, 180]);
    }

    #[test]
    fn a_quick_reading_tells_the_start_better() {
        // It was started at 30, which is known as "by 50".
        let mut clock = DeviceClock::started(ms(50));
        assert_eq!(place(&mut clock, 70, &[10]), [60]);
        assert_eq!(place(&mut clock, 91, &[60]), [91]);
        assert_eq!(place(&mut clock, 150, &[100]), [131]);
    }

    #[test]
    fn a_time_that_goes_back_is_a_new_start() {
        let mut clock = DeviceClock::started(ms(0));
        assert_eq!(
            place(&mut clock, 1000, &[900, 980, 5, 10]),
            [900, 980, 995, 1000]
        );
        assert_eq!(place(&mut clock, 1100, &[50]), [1040]);
        let mut silent = DeviceClock::started(ms(0));
        assert_eq!(place(&mut silent, 1000, &[900]), [900]);
        assert_eq!(place(&mut silent, 2000, &[100]), [2000], "at the latest");
        assert_eq!(place(&mut silent, 2010, &[105]), [2005]);
    }

    #[test]
    fn a_device_may_run_longer_than_the_bench() {
        let mut clock = DeviceClock::started(ms(0));
        assert_eq!(place(&mut clock, 100, &[5000, 5020, 5090]), [10, 30, 100]);
        assert_eq!(place(&mut clock, 300, &[5200]), [210]);
    }

    #[test]
    fn records_without_a_time_follow_the_one_before() {
        let mut clock = DeviceClock::started(ms(0));
        let placed = clock.place(ms(20), &[None, Some(ms(5)), None]);
        assert_eq!(placed, [ms(0), ms(5), ms(5)]);
    }
}
