//! What went wrong on purpose, and for how long.

use std::time::Duration;

use super::collect::Collector;
use super::event::{Lane, Level};
use crate::fault::{BrokerFault, Effect, Fault, ModemFault, NetFault};

/// Adds `faults`, each with when it was asked for.
pub(super) fn collect(events: &mut Collector<'_>, faults: &[(Duration, Fault)]) {
    for (asked, fault) in faults {
        let from = fault.window.from.max(*asked);
        let end = events.end();
        if from > end {
            continue;
        }
        let title = fault.effect.to_string();
        let event = match fault.window.to {
            None if is_instant(fault.effect) => events.instant(Lane::Fault, from, &title),
            to => {
                let to = to.unwrap_or(end).min(end);
                let event = events.span(Lane::Fault, (from, to), &title);
                event.track = Some(title);
                event
            }
        };
        event.details = Some(fault.to_string());
        event.level = Level::Warn;
    }
}

/// Whether it is over when it has happened.
const fn is_instant(effect: Effect) -> bool {
    matches!(
        effect,
        Effect::Net(NetFault::Reset(None) | NetFault::Close(None))
            | Effect::Broker(
                BrokerFault::Flood(_) | BrokerFault::Disconnect(_) | BrokerFault::Malformed
            )
            | Effect::Modem(ModemFault::Reset(None))
    )
}
