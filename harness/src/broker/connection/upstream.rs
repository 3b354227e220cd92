//! The side towards `rumqttd`.

use tokio::io::AsyncWriteExt;

use super::super::config::Pacing;
use super::super::facts::ClosedBy;
use super::super::ledger::{LoginCheck, Phase};
use super::super::mqtt_tap::Frame;
use super::super::net::{self, Incoming, drain};
use super::super::state::State;
use super::{Connection, Then};

impl Connection {
    pub(super) async fn open(&mut self) {
        self.opening = false;
        match net::connect(self.manner.broker).await {
            Ok(stream) => {
                self.upstream = Some(stream);
                self.shared
                    .update(|state| state.links[self.index].upstream_open = true);
            }
            Err(_) => self.broker_ended(),
        }
    }

    pub(super) async fn flush_broker(&mut self) {
        let Some(stream) = &mut self.upstream else {
            if !self.opening && self.then == Then::Close {
                self.part(None);
            }
            return;
        };
        match drain(stream, &mut self.to_broker) {
            Ok(_) if !self.to_broker.is_empty() => {}
            Ok(_) => match self.then {
                Then::Go => {}
                Then::EndSending => {
                    self.then = Then::Go;
                    // If this fails, reading from it fails too and says so.
                    let _ = stream.shutdown().await;
                }
                Then::Close => self.part(None),
            },
            // Whatever it sent before is still to be read; the end shows there.
            Err(_) => self.to_broker.clear(),
        }
    }

    pub(super) fn read_broker(&mut self) {
        let Some(stream) = &self.upstream else {
            return;
        };
        let incoming = net::receive(stream, &mut self.from_broker);
        while let Ok(Some(frame)) = Frame::take(&mut self.from_broker) {
            let ledger = &mut self.ledger;
            let pass = self.shared.update(|state| {
                let link = &mut state.links[self.index];
                let pass = ledger.broker_sent(&frame, &mut link.facts);
                link.window_full = ledger.window_full();
                if pass {
                    state.arrivals += 1;
                } else {
                    link.pings = link.pings.saturating_sub(1);
                }
                pass
            });
            if pass {
                self.held.push(frame);
            }
        }
        if !matches!(incoming, Ok(Incoming::Bytes | Incoming::Nothing)) {
            self.broker_ended();
        }
        if self.manner.pacing == Pacing::Free {
            self.release();
        }
    }

    /// `rumqttd` closed the connection, or could not be reached.
    pub(super) fn broker_ended(&mut self) {
        if self.ledger.phase() == Phase::Gone {
            self.upstream = None;
            return;
        }
        let required = self.manner.login_required;
        let login = self.shared.update(|state| {
            let link = &mut state.links[self.index];
            link.facts.closed_by.get_or_insert(ClosedBy::Broker);
            let client = link.facts.client_id.clone().unwrap_or_default();
            state.take_login(&client)
        });
        let passed = login.unwrap_or(!required);
        self.part(Some(if passed {
            LoginCheck::Passed
        } else {
            LoginCheck::Failed
        }));
        self.end_later();
    }

    /// Leaves `rumqttd` without a word, once everything for it is written.
    pub(super) fn leave(&mut self, closed_by: ClosedBy) {
        self.then = Then::Close;
        self.held.clear();
        self.shared.update(|state| {
            state.links[self.index]
                .facts
                .closed_by
                .get_or_insert(closed_by);
        });
        if self.opening && !self.device_open {
            // Nobody is left to hear the answer.
            self.opening = false;
        }
    }

    /// The connection to `rumqttd` is over. `login` says what became of an unanswered CONNECT.
    pub(super) fn part(&mut self, login: Option<LoginCheck>) {
        self.upstream = None;
        self.opening = false;
        self.to_broker.clear();
        self.then = Then::Go;
        if self.ledger.phase() == Phase::Gone {
            return;
        }
        let ledger = &mut self.ledger;
        self.shared.update(|state: &mut State| {
            let link = &mut state.links[self.index];
            link.upstream_open = false;
            link.pings = 0;
            let was = ledger.phase();
            let (will, delayed) = ledger.closed(&mut link.facts, login);
            link.phase = ledger.phase();
            if was != Phase::Unopened {
                state.arrivals += 1;
                state.dirty = true;
            }
            if delayed {
                state.delayed_wills += 1;
            } else if let Some(will) = will {
                state.announce(will);
            }
        });
    }
}
