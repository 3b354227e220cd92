//! The UART line between board and modem: both directions, byte by byte at line rate.

use std::collections::VecDeque;
use std::time::Duration;

/// One direction of the line. The sender may queue as much as it likes; each byte takes its ten
/// bit times (8N1), one after the other.
#[derive(Debug)]
pub(super) struct Direction {
    byte_time: Duration,
    free_at: Duration,
    flying: VecDeque<(Duration, u8)>,
}

impl Direction {
    /// An idle line at `baud` bits per second.
    ///
    /// `baud` is at least 1; a byte at 115,200 takes 86.8 us.
    pub(super) fn new(baud: u32) -> Self {
        Self {
            byte_time: Duration::from_nanos(10_000_000_000 / u64::from(baud.max(1))),
            free_at: Duration::ZERO,
            flying: VecDeque::new(),
        }
    }

    /// Puts `bytes` on the line at `now` or as soon as it is free. Returns when the first starts.
    pub(super) fn send(&mut self, now: Duration, bytes: &[u8]) -> Duration {
        let start = self.free_at.max(now);
        self.free_at = start;
        for byte in bytes {
            self.free_at += self.byte_time;
            self.flying.push_back((self.free_at, *byte));
        }
        start
    }

    /// Takes a byte that its sender has paced itself: its stop bit ends at `at`. Returns when its
    /// start bit began.
    pub(super) fn deliver(&mut self, at: Duration, byte: u8) -> Duration {
        self.free_at = self.free_at.max(at);
        self.flying.push_back((at, byte));
        at.saturating_sub(self.byte_time)
    }

    /// When the next byte's stop bit ends.
    pub(super) fn next_arrival(&self) -> Option<Duration> {
        self.flying.front().map(|(at, _)| *at)
    }

    /// Takes every byte that has arrived by `now`.
    pub(super) fn arrived(&mut self, now: Duration) -> Vec<(Duration, u8)> {
        let count = self.flying.partition_point(|(at, _)| *at <= now);
        self.flying.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_line_time() {
        let mut line = Direction::new(115_200);
        let start = line.send(Duration::from_secs(1), b"abc");
        assert_eq!(start, Duration::from_secs(1));
        assert_eq!(line.next_arrival(), Some(Duration::new(1, 86_805)));
        assert_eq!(line.arrived(Duration::new(1, 173_610)).len(), 2);
        assert_eq!(
            line.arrived(Duration::from_secs(2)),
            [(Duration::new(1, 260_415), b'c')]
        );
    }

    #[test]
    fn a_second_burst_waits_for_the_first() {
        let mut line = Direction::new(9_600);
        line.send(Duration::ZERO, &[0; 10]);
        assert_eq!(
            line.send(Duration::from_millis(1), b"x"),
            Duration::from_nanos(10_416_660)
        );
    }
}
