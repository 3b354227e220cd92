//! Where the time went: the state of the device at every instant, as its log tells it.

use std::time::Duration;

use crate::rig::LogRecord;

/// What the device is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Talking AT to the modem: all of its settings.
    BringUp,
    /// Talking AT to the modem after a session: a new connection, by a restart of it if need be.
    Recovery,
    /// The modem's reset line was pulled, up to the next bring-up.
    ResetLine,
    /// Sending a text message, because nothing else has worked.
    Alert,
    /// Waiting for the modem's TCP connection.
    Linking,
    /// In the TLS handshake, or waiting for the broker to accept it.
    Handshake,
    /// In a session with the broker.
    Session,
    /// Waiting before it tries again.
    BackOff,
}

impl State {
    /// All of them, in the order of a good start.
    pub const ALL: [Self; 8] = [
        Self::BringUp,
        Self::Recovery,
        Self::ResetLine,
        Self::Alert,
        Self::Linking,
        Self::Handshake,
        Self::Session,
        Self::BackOff,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BringUp => "bring-up",
            Self::Recovery => "recovery of the link",
            Self::ResetLine => "reset line",
            Self::Alert => "alert",
            Self::Linking => "linking",
            Self::Handshake => "handshake",
            Self::Session => "session",
            Self::BackOff => "back-off",
        }
    }

    /// The state that begins with a line of the log, if one does.
    fn begun_by(text: &str) -> Option<Self> {
        const BEGINNINGS: [(&str, State); 8] = [
            ("boot:", State::BringUp),
            ("modem: bring-up", State::BringUp),
            ("modem: recovering", State::Recovery),
            ("modem: pulling", State::ResetLine),
            ("sms: no session", State::Alert),
            ("modem: service", State::Linking),
            ("tls: handshake", State::Handshake),
            ("mqtt: connected", State::Session),
        ];
        if text.starts_with("retry in ") {
            return Some(Self::BackOff);
        }
        let begun = BEGINNINGS.iter().find(|(begin, _)| text.starts_with(begin));
        begun.map(|(_, state)| *state)
    }
}

/// Time in each state; together the whole time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account([Duration; State::ALL.len()]);

impl Account {
    /// The account of a life of `length`.
    pub fn of(log: &[LogRecord], length: Duration) -> Self {
        let mut account = Self::default();
        let (mut state, mut since) = (State::BringUp, Duration::ZERO);
        for record in log {
            if let Some(next) = State::begun_by(&record.text) {
                account.add(state, record.at.saturating_sub(since));
                (state, since) = (next, record.at.max(since));
            }
        }
        account.add(state, length.saturating_sub(since));
        account
    }

    /// Time in `state`.
    pub fn time(&self, state: State) -> Duration {
        self.0[state as usize]
    }

    /// Time in all states.
    pub fn total(&self) -> Duration {
        self.0.iter().sum()
    }

    /// Adds the times of another life.
    pub fn merge(&mut self, other: &Self) {
        for state in State::ALL {
            self.add(state, other.time(state));
        }
    }

    fn add(&mut self, state: State, time: Duration) {
        self.0[state as usize] += time;
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let total = self.total().as_secs_f64().max(1e-9);
        for (index, state) in State::ALL.into_iter().enumerate() {
            let share = 100.0 * self.time(state).as_secs_f64() / total;
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{} {share:.1} %", state.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_is_accounted_for() {
        let line = |at: u64, text: &str| LogRecord {
            place: None,
            lost: 0,
            awake_cycles: None,
            at: Duration::from_secs(at),
            level: "INFO".to_owned(),
            module: None,
            text: text.to_owned(),
        };
        let log = [
            line(1, "boot: firmware 1"),
            line(2, "modem: bring-up"),
            line(10, "modem: service, radio lte, signal 18"),
            line(12, "tls: handshake"),
            line(13, "tls: server verified"),
            line(14, "mqtt: connected"),
            line(50, "mqtt: the peer is gone"),
            line(50, "retry in 4 s"),
            line(54, "modem: recovering the link"),
        ];
        let account = Account::of(&log, Duration::from_secs(60));
        let seconds = State::ALL.map(|state| account.time(state).as_secs());
        assert_eq!(seconds, [10, 6, 0, 0, 2, 2, 36, 4]);
        assert_eq!(account.total(), Duration::from_secs(60));
    }
}
