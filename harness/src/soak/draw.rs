//! Drawing faults.

use std::time::Duration;

use crate::fault::{
    BrokerFault, Effect, Fault, ModemFault, NetFault, Rate, UartFault, Way, Window,
};

/// Mean time from one fault to the next.
const MEAN_PAUSE: u64 = 400;
/// The device is left alone at first, to have something to lose.
const QUIET: u64 = 60;

/// Reason codes with which a broker ends a session (MQTT 5, 3.14.2.1): those that pass by
/// themselves, and session taken over, administrative action.
const REASONS: [u8; 6] = [0x00, 0x89, 0x8b, 0x97, 0x8e, 0x98];

/// Faults for `length` of a world's time. The same seed draws the same faults.
pub fn draw(seed: u64, length: Duration) -> Vec<Fault> {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0x736f_616b);
    let mut faults = Vec::new();
    let mut at = QUIET + rng.u64(..MEAN_PAUSE);
    while at < length.as_secs() {
        let (effect, longest) = effect(&mut rng);
        let lasts = rng.u64(1..=longest);
        let from = Duration::from_secs(at) + Duration::from_micros(rng.u64(..1_000_000));
        let to = (from + Duration::from_secs(lasts)).min(length);
        if from < to {
            faults.push(Fault {
                effect,
                window: Window { from, to: Some(to) },
            });
        }
        at += 1 + rng.u64(..2 * MEAN_PAUSE);
    }
    faults
}

/// Something that can go wrong, and for how many seconds at most.
fn effect(rng: &mut fastrand::Rng) -> (Effect, u64) {
    let share = |rng: &mut fastrand::Rng| Rate::per_million(rng.u32(100..20_000));
    let way = |rng: &mut fastrand::Rng| match rng.u8(..3) {
        0 => Way::ToDevice,
        1 => Way::ToModem,
        _ => Way::Both,
    };
    let bytes = |rng: &mut fastrand::Rng| Some(rng.u64(1..4000));
    match rng.u8(..24) {
        0 => (Effect::Uart(way(rng), UartFault::Loss(share(rng))), 120),
        1 => (Effect::Uart(way(rng), UartFault::Corrupt(share(rng))), 120),
        2 => (
            Effect::Uart(way(rng), UartFault::Duplicate(share(rng))),
            120,
        ),
        3 => (Effect::Uart(way(rng), UartFault::Noise(rng.u32(1..50))), 60),
        4 => (Effect::Uart(way(rng), UartFault::Stall), 10),
        5 => (Effect::Uart(way(rng), UartFault::Zeros), 2),
        6 => (Effect::Uart(Way::Both, UartFault::Baud(9_600)), 60),
        7 => (
            Effect::Net(NetFault::Latency(Duration::from_millis(rng.u64(1..5_000)))),
            600,
        ),
        8 => (
            Effect::Net(NetFault::Jitter(Duration::from_millis(rng.u64(1..3_000)))),
            600,
        ),
        9 => (Effect::Net(NetFault::Bandwidth(rng.u32(200..20_000))), 600),
        10 => (Effect::Net(NetFault::Stall), 120),
        11 => (Effect::Net(NetFault::HalfOpen), 300),
        12 => (Effect::Net(NetFault::Reset(None)), 1),
        13 => (Effect::Net(NetFault::Close(None)), 1),
        14 => (Effect::Net(NetFault::Reset(bytes(rng))), 120),
        15 => (Effect::Net(NetFault::Close(bytes(rng))), 120),
        16 => (Effect::Net(NetFault::Corrupt(share(rng))), 120),
        17 => (Effect::Net(NetFault::Refuse), 300),
        18 => (Effect::Net(NetFault::Dns), 300),
        19 => (Effect::Broker(BrokerFault::Down), 900),
        20 => (Effect::Modem(ModemFault::Reset(None)), 1),
        21 => (
            Effect::Broker(BrokerFault::Disconnect(REASONS[rng.usize(..REASONS.len())])),
            1,
        ),
        22 => (Effect::Broker(BrokerFault::Malformed), 1),
        _ => (Effect::Modem(ModemFault::Off), 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_its_faults_and_they_end_in_time() {
        let length = Duration::from_secs(36_000);
        let faults = draw(1, length);
        assert_eq!(faults, draw(1, length));
        assert_ne!(faults, draw(2, length));
        assert!((50..150).contains(&faults.len()), "{}", faults.len());
        assert!(
            faults
                .iter()
                .all(|fault| fault.window.to.is_some_and(|to| to <= length))
        );
        for fault in faults {
            assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
        }
    }
}
