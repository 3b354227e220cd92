//! What the modem noted, and the states that follow from it.

use std::collections::BTreeMap;
use std::time::Duration;

use modem_sim::{ModemNote, RestartCause};

use super::collect::Collector;
use super::event::{Lane, Level};

/// Adds `notes`, which are in order of time.
pub(super) fn collect(events: &mut Collector<'_>, notes: &[(Duration, ModemNote)]) {
    let mut states = States::default();
    states.enter(events, "mode", Duration::ZERO, Some("starting"));
    for (at, note) in notes {
        states.note(events, *at, note);
        if !is_state(note) {
            let lane = match note {
                ModemNote::Fault { .. } => Lane::Fault,
                _ => Lane::Modem,
            };
            events.instant(lane, *at, &note.to_string()).level = level(note);
        }
    }
    let end = events.end();
    for track in states.0.clone().keys() {
        states.enter(events, track, end, None);
    }
}

/// Notes that a span tells completely.
fn is_state(note: &ModemNote) -> bool {
    matches!(
        note,
        ModemNote::ModeChanged { .. } | ModemNote::Connecting { .. }
    )
}

fn level(note: &ModemNote) -> Level {
    match note {
        ModemNote::RegistrationFailed
        | ModemNote::NoSim
        | ModemNote::ApnRejected
        | ModemNote::MqttRefused { .. }
        | ModemNote::MqttSubscriptionsRefused { .. } => Level::Error,
        ModemNote::Restarting {
            cause: RestartCause::PowerUp | RestartCause::Save,
        } => Level::Info,
        ModemNote::Restarting { .. }
        | ModemNote::SettingsDiscarded { .. }
        | ModemNote::Fault { .. }
        | ModemNote::EscapeAbandoned
        | ModemNote::ServiceLost
        | ModemNote::Disconnected { .. }
        | ModemNote::Dropped { .. } => Level::Warn,
        ModemNote::PacketClosed { .. } | ModemNote::DownlinkHeld { .. } => Level::Debug,
        _ => Level::Info,
    }
}

/// What lasts by now, by what it is a state of, and since when.
#[derive(Debug, Default)]
struct States(BTreeMap<String, (Duration, String)>);

impl States {
    fn note(&mut self, events: &mut Collector<'_>, at: Duration, note: &ModemNote) {
        match note {
            ModemNote::ModeChanged { to, .. } => {
                self.enter(events, "mode", at, Some(&to.to_string()));
            }
            ModemNote::Restarting { .. } => {
                for track in self.0.clone().keys().filter(|track| *track != "mode") {
                    self.enter(events, track, at, None);
                }
            }
            ModemNote::Registered => {
                self.enter(events, "registration", at, Some("registered"));
            }
            ModemNote::RegistrationFailed => self.enter(events, "registration", at, None),
            ModemNote::ServiceUp => self.enter(events, "service", at, Some("data service")),
            ModemNote::ServiceLost => self.enter(events, "service", at, None),
            ModemNote::Connecting { socket, attempt } => {
                let state = format!("socket {socket} connects, attempt {attempt}");
                self.enter(events, &format!("socket {socket}"), at, Some(&state));
            }
            ModemNote::Connected { socket } => {
                let state = format!("socket {socket} connected");
                self.enter(events, &format!("socket {socket}"), at, Some(&state));
            }
            ModemNote::Disconnected { socket, .. } => {
                self.enter(events, &format!("socket {socket}"), at, None);
            }
            _ => {}
        }
    }

    /// Ends the state of `track`, and begins the next.
    fn enter(
        &mut self,
        events: &mut Collector<'_>,
        track: &str,
        at: Duration,
        state: Option<&str>,
    ) {
        if let Some((since, title)) = self.0.remove(track)
            && since < at
        {
            events.span(Lane::Modem, (since, at), &title).track = Some(track.to_owned());
        }
        if let Some(state) = state {
            self.0.insert(track.to_owned(), (at, state.to_owned()));
        }
    }
}
