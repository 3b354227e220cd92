//! Times and counts as people read them.

use std::fmt;
use std::time::Duration;

pub(super) use crate::firmware_build::grouped;
use crate::runner::Summary;

/// `0.41 s` below a second, `38.2 s` above.
pub(super) struct Seconds(pub(super) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        let precision = if seconds < 1.0 { 2 } else { 1 };
        write!(f, "{seconds:.precision$} s")
    }
}

/// `11 passed, 0 failed, 0 infra, 0 skipped`; flaky and quarantined ones are named when
/// there are any.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, ", self.passed)?;
        if self.flaky > 0 {
            write!(f, "{} flaky, ", self.flaky)?;
        }
        write!(f, "{} failed, {} infra, ", self.failed, self.infra)?;
        if self.quarantined > 0 {
            write!(f, "{} quarantined, ", self.quarantined)?;
        }
        write!(f, "{} skipped", self.skipped)
    }
}

/// The last `count` lines of `text`.
pub(super) fn tail(text: &str, count: usize) -> impl Iterator<Item = &str> {
    let skipped = text.lines().count().saturating_sub(count);
    text.lines().skip(skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_with_the_digits_that_matter() {
        let text = |millis| Seconds(Duration::from_millis(millis)).to_string();
        assert_eq!(text(0), "0.00 s");
        assert_eq!(text(412), "0.41 s");
        assert_eq!(text(38_240), "38.2 s");
    }

    #[test]
    fn names_flaky_ones_only_when_there_are_any() {
        let mut summary = Summary {
            passed: 11,
            ..Summary::default()
        };
        assert_eq!(
            summary.to_string(),
            "11 passed, 0 failed, 0 infra, 0 skipped"
        );
        summary.flaky = 1;
        assert_eq!(
            summary.to_string(),
            "11 passed, 1 flaky, 0 failed, 0 infra, 0 skipped"
        );
        summary.quarantined = 2;
        assert_eq!(
            summary.to_string(),
            "11 passed, 1 flaky, 0 failed, 0 infra, 2 quarantined, 0 skipped"
        );
    }

    #[test]
    fn takes_the_last_lines() {
        assert_eq!(tail("a\nb\nc\n", 2).collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(tail("a", 2).collect::<Vec<_>>(), ["a"]);
        assert_eq!(tail("", 2).count(), 0);
    }
}
