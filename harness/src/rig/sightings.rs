//! What the world notices while it runs, with the instant, for the timeline.

use std::time::Duration;

use modem_sim::ModemNote;

use crate::broker::ConnectionProgress;
use crate::fault::Fault;

/// Something that became true of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The broker's side accepted it.
    Opened,
    /// The device's Finished was verified.
    Handshake,
    /// An alert went one way or the other.
    Alert,
    /// One more MQTT packet passed, this one of the connection's, counted from 0.
    Packet(usize),
    /// It has ended.
    Closed,
}

/// One step of one connection, counted from 0 in the order of accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) at: Duration,
    pub(super) connection: usize,
    pub(super) step: Step,
}

/// The instants that nobody else keeps.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    /// What the modem noted.
    pub(super) notes: Vec<(Duration, ModemNote)>,
    /// The faults, and when they were asked for.
    pub(super) faults: Vec<(Duration, Fault)>,
    /// How the device came to an end, or nearly: what it was, and all that is known.
    pub(super) crashes: Vec<(Duration, &'static str, String)>,
    /// What else the scenario did.
    pub(super) interventions: Vec<(Duration, String)>,
    /// What became of the connections.
    pub(super) steps: Vec<Sighting>,
    known: Vec<ConnectionProgress>,
}

impl Sightings {
    /// Compares how far the connections are with how far they were.
    pub(super) fn broker(&mut self, at: Duration, progress: &[ConnectionProgress]) {
        for (connection, now) in progress.iter().enumerate() {
            let before = self.known.get(connection).copied();
            if before == Some(*now) {
                continue;
            }
            let mut push = |step| {
                self.steps.push(Sighting {
                    at,
                    connection,
                    step,
                });
            };
            if before.is_none() {
                push(Step::Opened);
            }
            let before = before.unwrap_or_default();
            if now.handshake_complete && !before.handshake_complete {
                push(Step::Handshake);
            }
            (before.packets..now.packets).for_each(|packet| push(Step::Packet(packet)));
            if now.alert && !before.alert {
                push(Step::Alert);
            }
            if now.closed && !before.closed {
                push(Step::Closed);
            }
        }
        self.known = progress.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_seen_once_and_at_its_time() {
        let mut sightings = Sightings::default();
        let mut progress = ConnectionProgress::default();
        let mut look = |millis, progress| {
            sightings.broker(Duration::from_millis(millis), &[progress]);
        };
        look(1, progress);
        progress.handshake_complete = true;
        progress.packets = 2;
        look(2, progress);
        look(3, progress);
        progress.packets = 3;
        progress.closed = true;
        look(4, progress);
        let steps: Vec<_> = sightings
            .steps
            .iter()
            .map(|sighting| (sighting.at.as_millis(), sighting.step))
            .collect();
        assert_eq!(
            steps,
            [
                (1, Step::Opened),
                (2, Step::Handshake),
                (2, Step::Packet(0)),
                (2, Step::Packet(1)),
                (4, Step::Packet(2)),
                (4, Step::Closed),
            ]
        );
    }
}
