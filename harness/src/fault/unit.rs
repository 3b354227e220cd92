//! Shares and times as a person writes them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A share of all bytes, in parts per million, 0 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u32);

impl Rate {
    const ALL: u32 = 1_000_000;

    /// So many of a million; all of them at most.
    pub const fn per_million(parts: u32) -> Self {
        if parts > Self::ALL {
            Self(Self::ALL)
        } else {
            Self(parts)
        }
    }

    /// Draws whether the next byte is one of them.
    pub(super) fn hits(self, rng: &mut fastrand::Rng) -> bool {
        rng.u32(..Self::ALL) < self.0
    }
}

impl FromStr for Rate {
    type Err = String;

    /// `1%`, `0.05%`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no share from 0% to 100%, such as `0.5%`");
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let millionths = decimal(number, 4).ok_or_else(wrong)?;
        let parts = u32::try_from(millionths).map_err(|_| wrong())?;
        (parts <= Self::ALL)
            .then_some(Self(parts))
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        match rest {
            0 => write!(f, "{whole}%"),
            rest => write!(f, "{whole}.{}%", format!("{rest:04}").trim_end_matches('0')),
        }
    }
}

/// `250us`, `20ms`, `1.5s`, `10min`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time, such as `250us`, `20ms`, `1.5s` or `10min`");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (nanoseconds, places) = match &text[digits.len()..] {
        "us" => (1, 3),
        "ms" => (1, 6),
        "s" => (1, 9),
        "min" => (60, 9),
        _ => return Err(wrong()),
    };
    let value = decimal(digits, places).and_then(|value| value.checked_mul(nanoseconds));
    value.map(Duration::from_nanos).ok_or_else(wrong)
}

/// The shortest of the ways to write it.
pub(super) fn write_duration(f: &mut fmt::Formatter<'_>, time: Duration) -> fmt::Result {
    let nanoseconds = time.as_nanos();
    let (unit, name) = match nanoseconds {
        0 => (1_000_000_000, "s"),
        n if n % 60_000_000_000 == 0 => (60_000_000_000, "min"),
        n if n % 1_000_000 != 0 => (1_000, "us"),
        n if n % 1_000_000_000 != 0 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    write!(f, "{}{name}", nanoseconds / unit)
}

/// `digits` times ten to the power of `places`, if that is whole.
fn decimal(digits: &str, places: u32) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = u32::try_from(fraction.len()).is_ok_and(|length| length <= places);
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || !fits {
        return None;
    }
    let padded = format!(
        "{whole}{fraction:0<width$}",
        width = usize::try_from(places).ok()?
    );
    padded.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_and_written() {
        for text in ["0%", "1%", "0.05%", "33.3333%", "100%"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for text in ["", "1", "%", "101%", "-1%", "1.23456%", "1e3%"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read() {
        assert_eq!(duration("250us"), Ok(Duration::from_micros(250)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("10min"), Ok(Duration::from_secs(600)));
        for text in ["", "5", "s", "1h", "-1s", "1..2s", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
