//! One timeline of everything that happened in an attempt, as data.
//!
//! UART, modem, TLS, MQTT, device log and faults are events on one clock, in nanoseconds since
//! power-up: virtual time on simulated boards, wall time on real ones. Reports write it as
//! `timeline.json` and draw it. Secrets are redacted, bytes are bounded and say what was cut.

mod broker;
mod collect;
mod event;
mod faults;
mod log;
mod modem;
#[cfg(test)]
mod tests;
mod uart;

pub use event::{Event, Excerpt, Lane, Level, SCHEMA, Side, Timeline, VERSION};

use super::transcript::Redactions;
use super::world::World;
use collect::Collector;

/// What happened in `world` so far.
pub(super) fn of(world: &World, redactions: &Redactions) -> Timeline {
    let mut events = Collector::new(redactions, world.now());
    let transcript = &world.transcript;
    let seen = &world.sightings;
    faults::collect(&mut events, &seen.faults);
    for (at, text) in &seen.interventions {
        events.instant(Lane::Fault, *at, text);
    }
    modem::collect(&mut events, &seen.notes);
    uart::collect(&mut events, &transcript.lines(), transcript.byte_time());
    broker::connections(&mut events, &world.broker().connections(), &seen.steps);
    broker::messages(&mut events, &world.messages);
    log::collect(&mut events, &world.log);
    for (at, kind, known) in &seen.crashes {
        let details = events.details(known);
        let event = events.instant(Lane::Log, *at, kind);
        event.details = details;
        event.level = Level::Error;
    }
    events.finish()
}
