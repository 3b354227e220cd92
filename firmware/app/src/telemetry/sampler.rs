//! Takes the samples.

use core::convert::Infallible;

use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer};

use super::{Sample, Schedule};
use crate::platform::System;
use crate::shared::Shared;

/// Takes samples for ever, whatever the session does: this runs beside it, so samples come on
/// time during a bring-up of minutes too. Only computing delays one (a TLS handshake, for some
/// tenths of a second); its `uptime_ms` then tells when it was really taken.
///
/// A new period starts a new grid from that instant; [`Shared::sample_now`] asks for one sample at
/// once and restarts the grid.
pub(crate) async fn sample_forever<S: System>(shared: &Shared<'_, S>) -> Infallible {
    let mut schedule = new_schedule(shared);
    loop {
        match select(Timer::at(schedule.due()), shared.reschedule.wait()).await {
            Either::First(()) => {
                take(shared);
                schedule.taken(Instant::now());
            }
            Either::Second(()) => {
                if shared.take_sample_request() {
                    take(shared);
                }
                schedule = new_schedule(shared);
            }
        }
    }
}

fn new_schedule<S: System>(shared: &Shared<'_, S>) -> Schedule {
    let period = Duration::from_secs(shared.interval_s().into());
    Schedule::new(Instant::now(), period)
}

fn take<S: System>(shared: &Shared<'_, S>) {
    let now = Instant::now();
    let link = shared.link();
    shared.push(Sample {
        seq: 0, // numbered by the queue
        uptime_ms: now.as_millis(),
        time: shared.clock().unix(now),
        csq: link.and_then(|link| (link.csq <= 31).then_some(link.csq)),
        rat: link.map(|link| link.rat),
        temp_c: shared.temperature_c(),
        rx_overruns: shared.overruns.total(),
        reconnects: shared.reconnects(),
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::vec::Vec;

    use embassy_futures::join::join;
    use firmware_native::{executor::Virtual, time_driver};

    use super::*;
    use crate::modem::{LinkInfo, Rat};
    use crate::platform::ResetReason;
    use crate::telemetry::{Outbox, Queue, Queued};

    struct Board;

    impl System for Board {
        fn boot_id(&self) -> u32 {
            1
        }
        fn reset_reason(&self) -> ResetReason {
            ResetReason::PowerOn
        }
        fn temperature_c(&mut self) -> Option<i16> {
            Some(21)
        }
        fn build_time(&self) -> u64 {
            1_700_000_000
        }
    }

    /// Instants, in milliseconds since boot, of the samples taken in `seconds` while `script`
    /// runs beside the sampler.
    fn taken(
        seconds: u64,
        interval: u32,
        script: impl AsyncFnOnce(&Shared<'_, Board>),
    ) -> Vec<Sample> {
        time_driver::restart(Duration::ZERO);
        let mut queue = Queue::new();
        let outbox = Outbox::new(&mut queue, None, 1, 64);
        let shared = Shared::new(Board, outbox, interval);
        let work = join(sample_forever(&shared), script(&shared));
        let waits = Virtual::new(work).run_until(Duration::from_secs(seconds));
        assert!(waits.is_pending());
        let mut samples: Vec<Queued> = Vec::new();
        while let Some(sample) = shared.next_sample_after(samples.last().map(|last| last.order)) {
            samples.push(sample);
        }
        samples.iter().map(|queued| queued.sample).collect()
    }

    fn instants(samples: &[Sample]) -> Vec<u64> {
        samples.iter().map(|sample| sample.uptime_ms).collect()
    }

    #[test]
    fn samples_come_on_time_without_any_link() {
        let samples = taken(35, 10, async |_| {});
        assert_eq!(instants(&samples), [10_000, 20_000, 30_000]);
        assert_eq!(samples[0].seq, 1);
        assert_eq!((samples[0].csq, samples[0].time), (None, None));
        assert_eq!(samples[0].temp_c, Some(21));
    }

    #[test]
    fn the_first_link_is_worth_a_sample() {
        let link = |csq, time| LinkInfo {
            csq,
            rat: Rat::Lte,
            time,
            wrote_settings: false,
        };
        let samples = taken(40, 30, async |shared| {
            Timer::after_secs(5).await;
            shared.linked(link(99, Some(1_800_000_000)));
            Timer::after_secs(5).await;
            shared.linked(link(17, None));
        });
        assert_eq!(instants(&samples), [5_000, 35_000]);
        assert_eq!((samples[0].csq, samples[0].rat), (None, Some(Rat::Lte)));
        assert_eq!(samples[0].time, Some(1_800_000_000));
        assert_eq!(
            (samples[1].csq, samples[1].time),
            (Some(17), Some(1_800_000_030))
        );
    }

    #[test]
    fn a_new_interval_counts_from_now() {
        let samples = taken(30, 60, async |shared| {
            Timer::after_secs(3).await;
            shared.set_interval_s(10);
        });
        assert_eq!(instants(&samples), [13_000, 23_000]);
    }
}
