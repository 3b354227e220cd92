//! The UART line between board and modem: both directions, byte by byte at line rate.

use std::collections::VecDeque;
use std::time::Duration;

use crate::fault::{Fault, LineFaults, Way, garble};

/// One direction of the line. The sender may queue as much as it likes; each byte takes its ten
/// bit times (8N1), one after the other.
#[derive(Debug)]
pub(super) struct Direction {
    way: Way,
    /// Rates of the two ends, in bits per second.
    sender: u32,
    receiver: u32,
    free_at: Duration,
    /// A receiver at another rate is in the middle of what it takes for a byte until then.
    deaf_until: Duration,
    flying: VecDeque<(Duration, u8)>,
    faults: LineFaults,
}

impl Direction {
    /// The idle line of one `way`, with both ends at `baud` bits per second.
    ///
    /// `baud` is at least 1; a byte at 115,200 takes 86.8 us.
    pub(super) fn new(way: Way, baud: u32) -> Self {
        Self {
            way,
            sender: baud,
            receiver: baud,
            free_at: Duration::ZERO,
            deaf_until: Duration::ZERO,
            flying: VecDeque::new(),
            faults: LineFaults::default(),
        }
    }

    /// Sets the rates of the two ends, for what is sent from now on. A receiver at another rate
    /// reads other bytes.
    pub(super) fn set_rates(&mut self, sender: u32, receiver: u32) {
        self.sender = sender;
        self.receiver = receiver;
    }

    /// Lets `fault` happen to what is sent from now on, if it is one of this way.
    pub(super) fn add_fault(&mut self, fault: &Fault, seed: u64) {
        let byte_time = byte_time(self.receiver);
        self.faults.add(fault, self.way, seed, byte_time);
    }

    /// The stop bit of `byte` ends at `at`.
    fn put(&mut self, at: Duration, byte: u8) {
        if self.sender == self.receiver {
            return self.arrive(at, byte);
        }
        let start = at.saturating_sub(byte_time(self.sender));
        if start < self.deaf_until {
            return;
        }
        let mut at = start;
        for byte in garble(byte, self.sender, self.receiver) {
            at += byte_time(self.receiver);
            self.arrive(at, byte);
        }
        // It looks for the next start bit from the middle of its stop bit on.
        self.deaf_until = at.saturating_sub(byte_time(self.receiver) / 20);
    }

    fn arrive(&mut self, at: Duration, byte: u8) {
        let arriving = self.faults.pass(at, byte, byte_time(self.receiver));
        self.flying.extend(arriving);
    }

    /// Puts `bytes` on the line at `now` or as soon as it is free. Returns when the first starts.
    pub(super) fn send(&mut self, now: Duration, bytes: &[u8]) -> Duration {
        let start = self.free_at.max(now);
        self.free_at = start;
        for byte in bytes {
            self.free_at += byte_time(self.sender);
            self.put(self.free_at, *byte);
        }
        start
    }

    /// Takes a byte that its sender has paced itself: its stop bit ends at `at`. Returns when its
    /// start bit began.
    pub(super) fn deliver(&mut self, at: Duration, byte: u8) -> Duration {
        self.free_at = self.free_at.max(at);
        self.put(at, byte);
        at.saturating_sub(byte_time(self.sender))
    }

    /// One end lost its power: what is on the line is nothing any more.
    pub(super) fn cut(&mut self, now: Duration) {
        self.flying.clear();
        self.free_at = now;
    }

    /// When the next byte's stop bit ends.
    pub(super) fn next_arrival(&self) -> Option<Duration> {
        let sent = self.flying.front().map(|(at, _)| *at);
        let appearing = self.faults.next_arrival();
        [sent, appearing].into_iter().flatten().min()
    }

    /// Takes every byte that has arrived by `now`.
    pub(super) fn arrived(&mut self, now: Duration) -> Vec<(Duration, u8)> {
        let count = self.flying.partition_point(|(at, _)| *at <= now);
        let mut bytes: Vec<_> = self.flying.drain(..count).collect();
        let appeared = self.faults.appear(now, byte_time(self.receiver));
        if !appeared.is_empty() {
            bytes.extend(appeared);
            bytes.sort_by_key(|(at, _)| *at);
        }
        bytes
    }
}

/// How long ten bits take at `baud`.
pub(super) fn byte_time(baud: u32) -> Duration {
    Duration::from_nanos(10_000_000_000 / u64::from(baud.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_line_time() {
        let mut line = Direction::new(Way::ToDevice, 115_200);
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
        let mut line = Direction::new(Way::ToDevice, 9_600);
        line.send(Duration::ZERO, &[0; 10]);
        assert_eq!(
            line.send(Duration::from_millis(1), b"x"),
            Duration::from_nanos(10_416_660)
        );
    }

    #[test]
    fn an_end_at_another_rate_reads_other_bytes() {
        let mut line = Direction::new(Way::ToDevice, 115_200);
        line.set_rates(9_600, 115_200);
        line.send(Duration::ZERO, b"OK");
        let slow = line.arrived(Duration::from_secs(1));
        assert!(slow.len() > 2, "each bit is longer than a byte: {slow:?}");
        assert!(slow.is_sorted_by(|a, b| a.0 < b.0));
        let mut line = Direction::new(Way::ToDevice, 9_600);
        line.set_rates(115_200, 9_600);
        line.send(Duration::ZERO, &[0; 120]);
        let fast = line.arrived(Duration::from_secs(1));
        assert!(
            fast.len() <= 11,
            "twelve bytes pass for one: {}",
            fast.len()
        );
    }
}
