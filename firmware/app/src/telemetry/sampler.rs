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
        rx_overruns: shared.rx_overruns(),
        reconnects: shared.reconnects(),
    });
}
