//! Faults on the TCP connections between modem and broker.

use std::time::Duration;

use super::spec::{Effect, Fault, NetFault, Window};
use super::unit::Rate;

/// After how long without an answer the modem's TCP gives a connection up: idle for 60 s, then
/// three probes 15 s apart (MODEM.md T28, `KEEPALIVEA=1,60,15,3`).
pub const KEEP_ALIVE: Duration = Duration::from_secs(105);

/// How long a connection that gets no answer is tried.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Which way something travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Travel {
    /// To the broker.
    Up,
    /// To the modem.
    Down,
}

/// What becomes of a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialled {
    /// It goes its way.
    Open,
    /// Somebody answers with a reset.
    Refused,
    /// The name is not known.
    NoName,
    /// Nobody answers.
    Silence,
}

/// What the network does to everything that crosses it.
#[derive(Debug, Default)]
pub(crate) struct NetFaults {
    active: Vec<(NetFault, Window, fastrand::Rng)>,
    /// When the last thing arrives, or will, and when the pipe is free: up, down.
    last: [Duration; 2],
    free_at: [Duration; 2],
}

impl NetFaults {
    /// Adds `fault` if it concerns the network.
    pub(crate) fn add(&mut self, fault: &Fault, seed: u64) {
        if let Effect::Net(net) = fault.effect {
            let number = u64::try_from(self.active.len()).unwrap_or(u64::MAX);
            let rng = fastrand::Rng::with_seed(seed ^ 0x6e65_7400 ^ (number << 32));
            self.active.push((net, fault.window, rng));
        }
    }

    /// When `bytes` that set out at `now` arrive, without any fault after `usual`.
    pub(crate) fn arrival(
        &mut self,
        now: Duration,
        way: Travel,
        usual: Duration,
        bytes: usize,
    ) -> Duration {
        let side = usize::from(way == Travel::Down);
        let mut at = now + usual;
        if self.active.is_empty() {
            return at;
        }
        for (fault, window, rng) in &mut self.active {
            if !window.contains(now) {
                continue;
            }
            match fault {
                NetFault::Latency(more) => at += *more,
                NetFault::Jitter(most) => {
                    let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
                    at += Duration::from_nanos(rng.u64(..=most));
                }
                NetFault::Bandwidth(a_second) => {
                    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                    let nanoseconds = bytes.saturating_mul(1_000_000_000);
                    let takes = Duration::from_nanos(nanoseconds / u64::from((*a_second).max(1)));
                    self.free_at[side] = self.free_at[side].max(now) + takes;
                    at = at.max(self.free_at[side] + usual);
                }
                NetFault::Stall => at = at.max(window.to.unwrap_or(at)),
                _ => {}
            }
        }
        self.last[side] = self.last[side].max(at);
        self.last[side]
    }

    /// Flips bits in `bytes`; how many bytes differ afterwards.
    pub(crate) fn damage(&mut self, now: Duration, bytes: &mut [u8]) -> usize {
        let mut damaged = 0;
        for (rate, rng) in self.corruptions(now) {
            for byte in &mut *bytes {
                if rate.hits(rng) {
                    *byte ^= 1 << rng.u8(..8);
                    damaged += 1;
                }
            }
        }
        damaged
    }

    fn corruptions(
        &mut self,
        now: Duration,
    ) -> impl Iterator<Item = (Rate, &mut fastrand::Rng)> + use<'_> {
        self.active
            .iter_mut()
            .filter_map(move |(fault, window, rng)| match fault {
                NetFault::Corrupt(rate) if window.contains(now) => Some((*rate, rng)),
                _ => None,
            })
    }

    /// What becomes of a connection that is opened at `now`.
    pub(crate) fn dialled(&self, now: Duration) -> Dialled {
        let faults = self.during(now);
        faults.fold(Dialled::Open, |so_far, fault| match fault {
            NetFault::Refuse => Dialled::Refused,
            NetFault::Dns => Dialled::NoName,
            NetFault::HalfOpen => Dialled::Silence,
            _ => so_far,
        })
    }

    /// After how many bytes of the peer a connection ends at `now`, and whether by a reset.
    pub(crate) fn end_after(&self, now: Duration) -> Option<(u64, bool)> {
        self.during(now).find_map(|fault| match fault {
            NetFault::Reset(Some(bytes)) => Some((bytes, true)),
            NetFault::Close(Some(bytes)) => Some((bytes, false)),
            _ => None,
        })
    }

    /// How many bytes of the peer arrive at all at `now`.
    pub(crate) fn truncated(&self, now: Duration) -> Option<u64> {
        self.during(now).find_map(|fault| match fault {
            NetFault::Truncate(bytes) => Some(bytes),
            _ => None,
        })
    }

    fn during(&self, now: Duration) -> impl Iterator<Item = NetFault> + use<'_> {
        self.active
            .iter()
            .filter(move |(_, window, _)| window.contains(now))
            .map(|(fault, _, _)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_millis(5);

    fn net(texts: &[&str]) -> NetFaults {
        let mut net = NetFaults::default();
        for text in texts {
            net.add(&text.parse().unwrap(), 7);
        }
        net
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_narrow_network_takes_its_time_in_each_direction() {
        let mut net = net(&["net:bandwidth=1000"]);
        assert_eq!(net.arrival(at(1), Travel::Up, USUAL, 2000), at(3) + USUAL);
        assert_eq!(net.arrival(at(1), Travel::Up, USUAL, 1000), at(4) + USUAL);
        assert_eq!(net.arrival(at(1), Travel::Down, USUAL, 1000), at(2) + USUAL);
    }

    #[test]
    fn nothing_overtakes() {
        let mut net = net(&["net:jitter=10s", "net:latency=1s"]);
        let arrivals: Vec<_> = (0..100)
            .map(|n| net.arrival(at(1) + USUAL * n, Travel::Up, USUAL, 1))
            .collect();
        assert!(arrivals.is_sorted());
        assert!(arrivals[0] >= at(2), "the latency at least");
        assert!(arrivals[99] <= at(13), "latency and jitter at most");
    }

    #[test]
    fn a_stall_lets_everything_through_at_its_end() {
        let mut net = net(&["net:stall@10s..20s"]);
        assert_eq!(net.arrival(at(9), Travel::Up, USUAL, 1), at(9) + USUAL);
        assert_eq!(net.arrival(at(12), Travel::Up, USUAL, 1), at(20));
    }

    #[test]
    fn connections_meet_what_there_is() {
        let net = net(&[
            "net:refuse@0s..1s",
            "net:dns@1s..2s",
            "net:half-open@2s..3s",
        ]);
        let met: Vec<_> = (0..4).map(|n| net.dialled(at(n))).collect();
        let expected = [
            Dialled::Refused,
            Dialled::NoName,
            Dialled::Silence,
            Dialled::Open,
        ];
        assert_eq!(met, expected);
    }

    #[test]
    fn damage_is_counted() {
        let mut net = net(&["net:corrupt=10%"]);
        let mut bytes = [0; 1000];
        let damaged = net.damage(at(1), &mut bytes);
        assert_eq!(bytes.iter().filter(|byte| **byte != 0).count(), damaged);
        assert!((50..150).contains(&damaged));
    }
}
