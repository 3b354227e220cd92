//! Faults on one direction of the UART.

use std::time::Duration;

use super::spec::{Effect, Fault, UartFault, Way, Window};

/// What passes bytes on, or not.
#[derive(Debug, Default)]
pub(crate) struct LineFaults {
    active: Vec<Active>,
    /// No byte arrives before the one sent before it.
    last: Duration,
}

#[derive(Debug)]
struct Active {
    fault: UartFault,
    window: Window,
    rng: fastrand::Rng,
    /// When the next byte out of nowhere arrives.
    next: Option<Duration>,
}

impl LineFaults {
    /// Adds `fault` if it concerns the direction `way`. The same `seed` draws the same bytes.
    pub(crate) fn add(&mut self, fault: &Fault, way: Way, seed: u64, byte_time: Duration) {
        let Effect::Uart(of, uart) = fault.effect else {
            return;
        };
        if of != way && of != Way::Both {
            return;
        }
        // Each fault draws for itself: one more does not change what the others do.
        let number = u64::try_from(self.active.len()).unwrap_or(u64::MAX);
        let side = u64::from(way == Way::ToModem);
        let mut active = Active {
            fault: uart,
            window: fault.window,
            rng: fastrand::Rng::with_seed(seed ^ (number << 32) ^ (side << 31)),
            next: None,
        };
        active.next = active.first(byte_time);
        self.active.push(active);
    }

    /// When a byte arrives next that nobody has sent.
    pub(crate) fn next_arrival(&self) -> Option<Duration> {
        self.active.iter().filter_map(|active| active.next).min()
    }

    /// The bytes that nobody has sent and that arrive by `now`.
    pub(crate) fn appear(&mut self, now: Duration, byte_time: Duration) -> Vec<(Duration, u8)> {
        let mut bytes = Vec::new();
        for active in &mut self.active {
            while let Some(at) = active.next.filter(|at| *at <= now) {
                let byte = match active.fault {
                    UartFault::Zeros => 0,
                    _ => active.rng.u8(..),
                };
                bytes.push((at, byte));
                active.next = active.following(at, byte_time);
            }
        }
        bytes.sort_by_key(|(at, _)| *at);
        bytes
    }

    /// What arrives of a `byte` that would arrive at `at`.
    pub(crate) fn pass(
        &mut self,
        at: Duration,
        byte: u8,
        byte_time: Duration,
    ) -> Vec<(Duration, u8)> {
        if self.active.is_empty() {
            return vec![(at, byte)];
        }
        let mut at = at;
        let mut bytes = vec![byte];
        for active in &mut self.active {
            if !active.window.contains(at) {
                continue;
            }
            let rng = &mut active.rng;
            match active.fault {
                UartFault::Loss(rate) => bytes.retain(|_| !rate.hits(rng)),
                UartFault::Corrupt(rate) => {
                    for byte in &mut bytes {
                        if rate.hits(rng) {
                            *byte ^= 1 << rng.u8(..8);
                        }
                    }
                }
                UartFault::Duplicate(rate) => {
                    if rate.hits(rng) {
                        bytes.extend_from_within(..);
                    }
                }
                UartFault::Stall => at = active.window.to.unwrap_or(at),
                UartFault::Zeros => bytes.clear(),
                // The rates of the two ends are the line's own affair.
                UartFault::Noise(_) | UartFault::Baud(_) => {}
            }
        }
        bytes
            .into_iter()
            .map(|byte| {
                self.last = if at > self.last {
                    at
                } else {
                    self.last + byte_time
                };
                (self.last, byte)
            })
            .collect()
    }
}

impl Active {
    fn first(&mut self, byte_time: Duration) -> Option<Duration> {
        match self.fault {
            UartFault::Zeros | UartFault::Noise(_) => self.following(self.window.from, byte_time),
            _ => None,
        }
    }

    fn following(&mut self, at: Duration, byte_time: Duration) -> Option<Duration> {
        let pause = match self.fault {
            UartFault::Noise(a_second) => {
                let mean = 1_000_000_000 / u64::from(a_second.max(1));
                let drawn = Duration::from_nanos(self.rng.u64(..=2 * mean));
                drawn.max(byte_time)
            }
            _ => byte_time,
        };
        Some(at + pause).filter(|next| self.window.contains(*next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTE: Duration = Duration::from_nanos(86_805);

    fn line(texts: &[&str]) -> LineFaults {
        let mut line = LineFaults::default();
        for text in texts {
            line.add(&text.parse().unwrap(), Way::ToDevice, 7, BYTE);
        }
        line
    }

    /// A thousand bytes back to back.
    fn send(line: &mut LineFaults) -> Vec<(Duration, u8)> {
        let bytes = (0..1000_u32).map(|n| (BYTE * (n + 1), n as u8));
        bytes
            .flat_map(|(at, byte)| line.pass(at, byte, BYTE))
            .collect()
    }

    #[test]
    fn without_a_fault_everything_arrives_in_time() {
        let bytes = send(&mut line(&["uart.to-modem:loss=100%"]));
        assert_eq!(bytes.len(), 1000);
        assert_eq!(bytes[999], (BYTE * 1000, 231));
    }

    #[test]
    fn losses_damage_and_doubles_come_in_their_share() {
        let lost = send(&mut line(&["uart:loss=10%"]));
        assert!((850..950).contains(&lost.len()), "{}", lost.len());
        let whole = send(&mut line(&[]));
        let damaged = send(&mut line(&["uart:corrupt=10%"]));
        let different = damaged.iter().zip(&whole).filter(|(a, b)| a != b).count();
        assert!((50..150).contains(&different), "{different}");
        let doubled = send(&mut line(&["uart:duplicate=10%"]));
        assert!((1050..1150).contains(&doubled.len()), "{}", doubled.len());
        assert!(
            doubled.is_sorted_by(|a, b| a.0 < b.0),
            "one after the other"
        );
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let faults = ["uart:loss=10%", "uart:corrupt=5%"];
        assert_eq!(send(&mut line(&faults)), send(&mut line(&faults)));
    }

    #[test]
    fn a_window_bounds_a_fault() {
        // Bytes 101 to 200 arrive within it.
        let window = "uart:loss=100%@8681us..17362us";
        let left: Vec<u8> = send(&mut line(&[window])).iter().map(|(_, b)| *b).collect();
        assert_eq!(left.len(), 900);
        assert_eq!(left[99..101], [99, 200]);
    }

    #[test]
    fn a_stall_holds_bytes_and_keeps_their_order() {
        let bytes = send(&mut line(&["uart:stall@10ms..50ms"]));
        assert_eq!(bytes.len(), 1000);
        assert!(
            bytes
                .iter()
                .all(|(at, _)| !(10..50).contains(&at.as_millis()))
        );
        assert!(bytes.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn zeros_come_without_a_pause_and_nothing_else_does() {
        let mut line = line(&["uart:zeros@0s..10ms"]);
        let zeros = line.appear(Duration::from_secs(1), BYTE);
        assert_eq!(zeros.len(), 115);
        assert!(zeros.iter().all(|(_, byte)| *byte == 0));
        assert_eq!(line.next_arrival(), None);
        assert_eq!(line.pass(Duration::from_millis(5), b'x', BYTE), []);
    }

    #[test]
    fn noise_has_its_rate() {
        let noise = line(&["uart:noise=100"]).appear(Duration::from_secs(10), BYTE);
        assert!((900..1100).contains(&noise.len()), "{}", noise.len());
    }
}
