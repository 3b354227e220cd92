//! What one MQTT connection still owes: the state the settle gate asks for, per connection.
//!
//! The ledger follows the packets in both directions. Where the standard makes an answer due
//! (CONNECT: CONNACK or close; DISCONNECT: close) it waits for exactly that. In an established
//! session it asks `rumqttd` instead of predicting it: a PINGREQ of the front's own travels behind
//! the device's packets, and because `rumqttd` handles a connection's packets in order, its
//! PINGRESP proves that they were handled (see [`gate`](super::gate)). Those PINGRESP never reach
//! the device.

use std::collections::{HashMap, VecDeque};

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Packet, Publish};

use super::facts::{
    AuthOutcome, ConnectionFacts, Direction, PACKET_HEAD, PacketFact, PacketKind, Published,
    Publisher,
};
use super::mqtt_tap::Frame;

/// Messages `rumqttd` sends without acknowledgement. When the window is full and another message
/// waits, it sends nothing at all on the connection, answers to pings included.
const WINDOW: usize = 100;

/// Where the connection to `rumqttd` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not opened: the device has not sent a whole MQTT packet.
    Unopened,
    /// CONNECT was passed on; CONNACK or close is due.
    AwaitingConnAck,
    /// CONNACK with success came by.
    Established,
    /// A close by `rumqttd` is due.
    Ending,
    /// Closed.
    Gone,
}

/// What to do with a packet from the device.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Pass it on.
    Pass,
    /// Pass it on and close the sending side, so that `rumqttd` ends the connection for certain.
    PassLast,
}

/// A message that the broker is to deliver, and how it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    pub(super) published: Published,
}

/// What became of the user name and password of a CONNECT that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoginCheck {
    /// Right, or none needed.
    Passed,
    /// Wrong, or missing.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PingOwner {
    Device,
    Gate,
}

/// The state of one MQTT connection, as seen from the front.
#[derive(Debug)]
pub(super) struct Ledger {
    phase: Phase,
    pings: VecDeque<PingOwner>,
    /// Messages sent to the device that it has not acknowledged.
    in_flight: usize,
    aliases: HashMap<u16, String>,
    user: Option<String>,
    will: Option<Announced>,
    delayed_will: bool,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Unopened,
            pings: VecDeque::new(),
            in_flight: 0,
            aliases: HashMap::new(),
            user: None,
            will: None,
            delayed_will: false,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// `rumqttd` may be silent on this connection until the device acknowledges something.
    pub(super) fn window_full(&self) -> bool {
        self.in_flight >= WINDOW
    }

    /// The front sends a ping of its own now; false if this connection cannot take one.
    pub(super) fn ping(&mut self) -> bool {
        let possible = self.phase == Phase::Established;
        if possible {
            self.pings.push_back(PingOwner::Gate);
        }
        possible
    }

    /// A packet from the device: notes it and says what to do with it and what it announces.
    pub(super) fn device_sent(
        &mut self,
        frame: &Frame,
        facts: &mut ConnectionFacts,
    ) -> (Verdict, Option<Announced>) {
        let packet = frame.decode();
        let topic = match &packet {
            Ok(Packet::Publish(publish)) => Some(self.resolve_topic(publish)),
            _ => None,
        };
        note(facts, Direction::FromDevice, frame, topic.clone());
        if self.phase == Phase::Unopened {
            facts.auth = AuthOutcome::Pending;
            let Ok(Packet::Connect(connect, will, login)) = packet else {
                // rumqttd closes without a word; closing our side makes sure of it.
                self.phase = Phase::Ending;
                let reason = packet
                    .err()
                    .unwrap_or_else(|| "the first packet is no CONNECT".into());
                facts.not_mqtt = Some(reason);
                return (Verdict::PassLast, None);
            };
            self.phase = Phase::AwaitingConnAck;
            facts.client_id = Some(connect.client_id.clone());
            self.user = login.map(|login| login.username);
            let expiry = connect
                .properties
                .as_ref()
                .and_then(|p| p.session_expiry_interval);
            let delay = will
                .as_ref()
                .and_then(|w| w.properties.as_ref()?.delay_interval);
            self.delayed_will = expiry.unwrap_or(0).min(delay.unwrap_or(0)) > 0;
            self.will = will.map(|will| Announced {
                topic: String::from_utf8_lossy(&will.topic).into_owned(),
                payload: will.message.to_vec(),
                published: Published {
                    publisher: Publisher::Will(connect.client_id),
                    qos: will.qos,
                    retain: will.retain,
                    dup: false,
                },
            });
            return (Verdict::Pass, None);
        }
        match (frame.kind, packet) {
            (PacketKind::PingReq, _) => self.pings.push_back(PingOwner::Device),
            (PacketKind::PubAck | PacketKind::PubRec, _) => {
                self.in_flight = self.in_flight.saturating_sub(1);
            }
            (PacketKind::Disconnect, _) => {
                self.will = None;
                self.phase = Phase::Ending;
            }
            (_, Ok(Packet::Publish(publish))) => {
                let client = facts.client_id.clone().unwrap_or_default();
                let announced = Announced {
                    topic: topic.unwrap_or_default(),
                    payload: publish.payload.to_vec(),
                    published: Published {
                        publisher: Publisher::Device(client),
                        qos: publish.qos,
                        retain: publish.retain,
                        dup: publish.dup,
                    },
                };
                return (Verdict::Pass, Some(announced));
            }
            (_, Err(reason)) => facts.not_mqtt = Some(reason),
            _ => {}
        }
        (Verdict::Pass, None)
    }

    /// A packet from `rumqttd`: says whether the device shall have it.
    pub(super) fn broker_sent(&mut self, frame: &Frame, facts: &mut ConnectionFacts) -> bool {
        match frame.kind {
            PacketKind::PingResp => return self.pings.pop_front() != Some(PingOwner::Gate),
            PacketKind::ConnAck if self.phase == Phase::AwaitingConnAck => match frame.decode() {
                Ok(Packet::ConnAck(ack)) if ack.code == ConnectReturnCode::Success => {
                    self.phase = Phase::Established;
                    facts.auth = AuthOutcome::Accepted;
                }
                Ok(Packet::ConnAck(ack)) => {
                    self.phase = Phase::Ending;
                    facts.auth = AuthOutcome::Refused {
                        reason: Some(format!("{:?}", ack.code)),
                    };
                }
                _ => self.phase = Phase::Ending,
            },
            _ => {}
        }
        if frame.kind == PacketKind::Publish && frame.packet_id().is_some() {
            self.in_flight += 1;
        }
        true
    }

    /// A packet from `rumqttd` is passed on to the device now.
    pub(super) fn released(&self, frame: &Frame, facts: &mut ConnectionFacts) {
        let topic = match frame.kind {
            PacketKind::Publish => match frame.decode() {
                Ok(Packet::Publish(p)) => Some(String::from_utf8_lossy(&p.topic).into_owned()),
                _ => None,
            },
            _ => None,
        };
        note(facts, Direction::ToDevice, frame, topic);
    }

    /// Plaintext that cannot be cut into packets was passed on as it is.
    pub(super) fn gibberish(&mut self, facts: &mut ConnectionFacts) {
        facts.not_mqtt = Some("the remaining-length field is malformed".to_owned());
        self.phase = Phase::Ending;
    }

    /// The connection to `rumqttd` ended. `login` is what became of an unanswered CONNECT, `None`
    /// when `rumqttd` is not who ended it. Returns the will that is now due, and whether `rumqttd`
    /// will wait before it publishes it.
    pub(super) fn closed(
        &mut self,
        facts: &mut ConnectionFacts,
        login: Option<LoginCheck>,
    ) -> (Option<Announced>, bool) {
        self.phase = Phase::Gone;
        self.pings.clear();
        if let Some(login) = login.filter(|_| facts.auth == AuthOutcome::Pending) {
            facts.auth = match login {
                LoginCheck::Failed => AuthOutcome::BadLogin {
                    user: self.user.take(),
                },
                LoginCheck::Passed => AuthOutcome::Refused { reason: None },
            };
        }
        let accepted = facts.auth == AuthOutcome::Accepted;
        let will = self.will.take().filter(|_| accepted);
        let delayed = self.delayed_will && will.is_some();
        (will, delayed)
    }

    /// The broker goes down: it will publish no will.
    pub(super) fn forget_will(&mut self) {
        self.will = None;
    }

    fn resolve_topic(&mut self, publish: &Publish) -> String {
        let topic = String::from_utf8_lossy(&publish.topic).into_owned();
        let alias = publish.properties.as_ref().and_then(|p| p.topic_alias);
        match alias {
            Some(alias) if topic.is_empty() => {
                self.aliases.get(&alias).cloned().unwrap_or_default()
            }
            Some(alias) => {
                self.aliases.insert(alias, topic.clone());
                topic
            }
            None => topic,
        }
    }
}

fn note(facts: &mut ConnectionFacts, direction: Direction, frame: &Frame, topic: Option<String>) {
    let secret = matches!(frame.kind, PacketKind::Connect | PacketKind::Auth);
    let head = match secret {
        true => 0,
        false => frame.bytes.len().min(PACKET_HEAD),
    };
    facts.packets.push(PacketFact {
        direction,
        kind: frame.kind,
        packet_id: frame.packet_id(),
        size: frame.bytes.len(),
        topic,
        head: frame.bytes[..head].to_vec(),
    });
}

/// How the harness itself publishes.
pub(super) fn by_harness(topic: &str, payload: &[u8], qos: QoS, retain: bool) -> Announced {
    Announced {
        topic: topic.to_owned(),
        payload: payload.to_vec(),
        published: Published {
            publisher: Publisher::Harness,
            qos,
            retain,
            dup: false,
        },
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
