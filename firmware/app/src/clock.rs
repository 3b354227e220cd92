//! What time it is, as far as the device knows.
//!
//! A modem's clock is only sometimes right: before the network has told the time it shows a year
//! such as 70 or 80 (MODEM.md 3.2), some networks tell local time as UTC, or tell nothing. Of what
//! it shows, [`cclk`](crate::at::values::cclk) takes a date within 2025 to 2060 with a zone that
//! exists; [`Clock`] takes no time before the image was built and none two decades behind it, and
//! does not follow a jump unless it is told twice.

use core::fmt;

use embassy_time::Instant;
use thiserror::Error;

/// A modem whose clock is further ahead of the build than this is wrong: 20 years of 365.25 days.
const LIFETIME_S: u64 = 20 * 31_557_600;
/// A clock that differs by less from what the device counted itself has been read a little late, or
/// has drifted.
const TOLERANCE_S: u64 = 60;

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
    reference: Option<Reading>,
    /// A reading that contradicts the reference.
    doubted: Option<Reading>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    unix: u64,
    at: Instant,
}

impl Reading {
    /// Seconds since 1970 at `at`.
    fn unix(&self, at: Instant) -> u64 {
        let passed = at.saturating_duration_since(self.at).as_secs();
        self.unix.saturating_add(passed)
    }

    /// Whether another clock shows the same.
    fn agrees(&self, other: Self) -> bool {
        self.unix(other.at).abs_diff(other.unix) <= TOLERANCE_S
    }
}

/// A time that the device does not believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClockError {
    /// Nobody can have run this image then.
    #[error("the modem says {told}, which is before this image was built")]
    BeforeBuild {
        /// What the modem says.
        told: Rfc3339,
    },
    /// Nobody will run this image then.
    #[error("the modem says {told}, which is 20 years after this image was built or more")]
    TooLate {
        /// What the modem says.
        told: Rfc3339,
    },
    /// It contradicts what was told before in this boot. Told once more it is believed.
    #[error("the modem says {told}, but it is {counted} as the device counted on")]
    Jump {
        /// What the modem says.
        told: Rfc3339,
        /// What it should be.
        counted: Rfc3339,
    },
}

impl Clock {
    /// A clock that knows only when the image was built.
    pub const fn new(build_time: u64) -> Self {
        Self {
            build_time,
            reference: None,
            doubted: None,
        }
    }

    /// Takes over the network's time `unix`, read at `at`.
    ///
    /// # Errors
    /// [`ClockError`]: it is not believed, and nothing changes.
    pub fn set(&mut self, unix: u64, at: Instant) -> Result<(), ClockError> {
        let told = Rfc3339::from_unix(unix);
        if unix < self.build_time {
            return Err(ClockError::BeforeBuild { told });
        }
        if unix - self.build_time >= LIFETIME_S {
            return Err(ClockError::TooLate { told });
        }
        let reading = Reading { unix, at };
        if let Some(reference) = self.reference
            && !reference.agrees(reading)
            && !self.doubted.is_some_and(|doubted| doubted.agrees(reading))
        {
            self.doubted = Some(reading);
            let counted = Rfc3339::from_unix(reference.unix(at));
            return Err(ClockError::Jump { told, counted });
        }
        self.reference = Some(reading);
        self.doubted = None;
        Ok(())
    }

    /// Seconds since 1970 at `at`, if the network told.
    pub fn unix(&self, at: Instant) -> Option<u64> {
        self.reference.map(|reference| reference.unix(at))
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

    const BUILD: u64 = 1_750_000_000;

    fn at(seconds: u64) -> Instant {
        Instant::from_secs(seconds)
    }

    #[test]
    fn the_build_is_the_lower_bound_and_twenty_years_later_the_upper() {
        let mut clock = Clock::new(BUILD);
        assert_eq!(clock.time(at(5)), Time::AtLeast(BUILD));
        let error = clock.set(BUILD - 1, at(5)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the modem says 2025-06-15T15:06:39Z, which is before this image was built"
        );
        let error = clock.set(BUILD + 20 * 31_557_600, at(5)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the modem says 2045-06-15T15:06:40Z, which is 20 years after this image was built or \
             more"
        );
        assert_eq!(clock.unix(at(5)), None);
        assert_eq!(clock.set(BUILD, at(5)), Ok(()));
        assert_eq!(clock.time(at(12)), Time::Now(BUILD + 7));
    }

    #[test]
    fn a_small_correction_is_taken_either_way() {
        let mut clock = Clock::new(BUILD);
        assert_eq!(clock.set(BUILD + 1000, at(0)), Ok(()));
        assert_eq!(clock.set(BUILD + 1040, at(100)), Ok(()));
        assert_eq!(clock.unix(at(100)), Some(BUILD + 1040));
        assert_eq!(clock.set(BUILD + 1150, at(150)), Ok(()));
        assert_eq!(clock.unix(at(151)), Some(BUILD + 1151));
    }

    #[test]
    fn a_jump_is_believed_when_it_is_told_twice() {
        let mut clock = Clock::new(BUILD);
        assert_eq!(clock.set(BUILD + 100_000, at(0)), Ok(()));
        // Back, which an expired certificate would profit from.
        let error = clock.set(BUILD + 10, at(10)).unwrap_err();
        assert!(matches!(error, ClockError::Jump { .. }), "{error:?}");
        assert_eq!(clock.unix(at(10)), Some(BUILD + 100_010));
        // Another one, which the first doubt does not confirm.
        assert!(clock.set(BUILD + 900_000, at(20)).is_err());
        assert_eq!(clock.unix(at(20)), Some(BUILD + 100_020));
        assert_eq!(clock.set(BUILD + 900_031, at(50)), Ok(()));
        assert_eq!(clock.unix(at(51)), Some(BUILD + 900_032));
    }

    #[test]
    fn a_doubt_is_over_when_the_clock_is_right_again() {
        let mut clock = Clock::new(BUILD);
        assert_eq!(clock.set(BUILD + 1000, at(0)), Ok(()));
        assert!(clock.set(BUILD + 5000, at(10)).is_err());
        assert_eq!(clock.set(BUILD + 1020, at(20)), Ok(()));
        assert!(clock.set(BUILD + 5020, at(30)).is_err());
    }
}
