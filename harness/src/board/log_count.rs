//! How many records of a log never arrived.
//!
//! The ring that the log leaves the device through overwrites itself as long as nobody reads (RTT in
//! non-blocking mode, as defmt-rtt has it), at any place and perhaps more than once. What is left
//! says nothing of what is gone; so the firmware numbers its records, and a gap is a loss.

use std::time::Duration;

/// A larger gap is no gap, but a damaged record that can be decoded by chance.
const PLAUSIBLE: u32 = 1_000_000;

/// Follows the numbers of one device's records from its start.
#[derive(Debug, Default)]
pub(super) struct LogCount {
    /// The number that the next record should have.
    expected: u32,
    /// Whether the records are numbered, as far as one was seen.
    numbered: Option<bool>,
    /// Damaged records of which it is not known yet whether a gap will tell them.
    damaged: u32,
    /// Of the last record.
    time: Duration,
}

impl LogCount {
    /// A record with this number and this time has arrived. Returns how many are missing before it;
    /// nothing when it cannot be a record.
    ///
    /// A smaller number than expected, and an earlier time, are a device that has started anew.
    pub(super) fn next(&mut self, number: Option<u32>, time: Option<Duration>) -> Option<u32> {
        let Some(number) = number else {
            self.numbered = Some(false);
            return Some(std::mem::take(&mut self.damaged));
        };
        let time = time.unwrap_or_default();
        let gap = match number.checked_sub(self.expected) {
            Some(gap) => gap,
            None if time <= self.time => number,
            None => return None,
        };
        if gap > PLAUSIBLE {
            return None;
        }
        self.numbered = Some(true);
        self.expected = number.saturating_add(1);
        self.time = time;
        Some(gap)
    }

    /// Something else than a record has arrived. Returns how many records it stands for: none where
    /// they are numbered, for then the gap will tell.
    pub(super) fn damaged(&mut self) -> u32 {
        match self.numbered {
            Some(true) => 0,
            Some(false) => 1,
            None => {
                self.damaged = self.damaged.saturating_add(1);
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Option<Duration> {
        Some(Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_gap_is_a_loss_also_before_the_first_record() {
        let mut count = LogCount::default();
        assert_eq!(count.damaged(), 0);
        assert_eq!(count.next(Some(3), at(1)), Some(3));
        assert_eq!(count.next(Some(4), at(2)), Some(0));
        assert_eq!(count.next(Some(10), at(3)), Some(5));
        assert_eq!(count.damaged(), 0);
    }

    #[test]
    fn a_device_that_starts_anew_counts_from_zero() {
        let mut count = LogCount::default();
        assert_eq!(count.next(Some(0), at(100)), Some(0));
        assert_eq!(count.next(Some(1), at(200)), Some(0));
        assert_eq!(count.next(Some(0), at(100)), Some(0));
        assert_eq!(count.next(Some(3), at(150)), Some(2));
    }

    #[test]
    fn a_number_out_of_nowhere_is_damage() {
        let mut count = LogCount::default();
        assert_eq!(count.next(Some(5), at(100)), Some(5));
        assert_eq!(count.next(Some(0x3a20_0000), at(101)), None);
        assert_eq!(count.next(Some(2), at(102)), None);
        assert_eq!(count.next(Some(6), at(103)), Some(0));
    }

    #[test]
    fn without_numbers_damage_is_all_there_is_to_count() {
        let mut count = LogCount::default();
        assert_eq!(count.damaged(), 0, "not known yet");
        assert_eq!(count.next(None, at(1)), Some(1));
        assert_eq!(count.next(None, at(1)), Some(0));
        assert_eq!(count.damaged(), 1);
    }
}
