//! What time it is, as far as the device knows.

use core::fmt;

use embassy_time::Instant;

/// Knowledge of the present time, in seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Told by the network.
    Now(u64),
    /// At least this: the image was built then.
    AtLeast(u64),
}

/// Keeps the time between two looks at the modem's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    build_time: u64,
    /// Seconds since 1970 at an instant of the monotonic clock.
    reference: Option<(u64, Instant)>,
}

impl Clock {
    /// A clock that knows only when the image was built.
    pub const fn new(build_time: u64) -> Self {
        Self {
            build_time,
            reference: None,
        }
    }

    /// Takes over the network's time, unless it lies before the build: such a clock is wrong.
    /// Returns whether it was taken.
    pub fn set(&mut self, unix: u64, at: Instant) -> bool {
        let plausible = unix >= self.build_time;
        if plausible {
            self.reference = Some((unix, at));
        }
        plausible
    }

    /// Seconds since 1970 at `at`, if the network told.
    pub fn unix(&self, at: Instant) -> Option<u64> {
        let (unix, reference) = self.reference?;
        Some(unix.saturating_add(at.saturating_duration_since(reference).as_secs()))
    }

    /// The best knowledge at `at`.
    pub fn time(&self, at: Instant) -> Time {
        self.unix(at)
            .map_or(Time::AtLeast(self.build_time), Time::Now)
    }
}

/// A time of day that displays as RFC 3339 in UTC, for example `2026-11-22T10:11:12Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rfc3339(u64);

impl Rfc3339 {
    /// Takes seconds since 1970-01-01 UTC.
    pub const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01 UTC.
    pub const fn unix(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0 / 86_400);
        let second = self.0 % 86_400;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
/// Years are taken to begin in March, so that the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_PER_ERA: u64 = 146_097; // 400 years
    let days = days + 719_468; // from 0000-03-01
    let era = days / DAYS_PER_ERA;
    let day_of_era = days % DAYS_PER_ERA;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn displays_rfc_3339() {
        for (unix, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_342_272, "2026-11-22T10:11:12Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Rfc3339::from_unix(unix).to_string(), text);
        }
    }

    #[test]
    fn a_clock_before_the_build_is_wrong() {
        let mut clock = Clock::new(1000);
        assert_eq!(clock.time(Instant::from_secs(5)), Time::AtLeast(1000));
        assert!(!clock.set(999, Instant::from_secs(5)));
        assert_eq!(clock.unix(Instant::from_secs(5)), None);
        assert!(clock.set(2000, Instant::from_secs(5)));
        assert_eq!(clock.time(Instant::from_secs(12)), Time::Now(2007));
    }
}
