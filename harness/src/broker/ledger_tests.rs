//! The ledger without a broker: packets in, state out.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectProperties, Disconnect, DisconnectReasonCode, LastWill,
    LastWillProperties, PingReq, PingResp, PubAck, PublishProperties,
};

use super::*;

struct Setup {
    ledger: Ledger,
    facts: ConnectionFacts,
}

fn frame(packet: &Packet) -> Frame {
    let mut bytes = BytesMut::new();
    packet.write(&mut bytes, None).unwrap();
    Frame::take(&mut bytes).unwrap().unwrap()
}

fn connect(delay: Option<u32>) -> Packet {
    let properties = ConnectProperties {
        session_expiry_interval: Some(60),
        ..ConnectProperties::new()
    };
    let connect = Connect {
        keep_alive: 60,
        client_id: "dev1".to_owned(),
        clean_start: true,
        properties: Some(properties),
    };
    let properties = LastWillProperties {
        delay_interval: delay,
        payload_format_indicator: None,
        message_expiry_interval: None,
        content_type: None,
        response_topic: None,
        correlation_data: None,
        user_properties: Vec::new(),
    };
    let will = LastWill::new(
        "status",
        "offline",
        QoS::AtLeastOnce,
        true,
        Some(properties),
    );
    Packet::Connect(connect, Some(will), None)
}

fn connack(code: ConnectReturnCode) -> Packet {
    Packet::ConnAck(ConnAck {
        session_present: false,
        code,
        properties: None,
    })
}

fn publish(topic: &str, alias: Option<u16>) -> Packet {
    let properties = PublishProperties {
        topic_alias: alias,
        ..Default::default()
    };
    Packet::Publish(Publish::new(
        topic,
        QoS::AtMostOnce,
        &b"x"[..],
        Some(properties),
    ))
}

impl Setup {
    fn new() -> Self {
        let peer = "127.0.0.1:1".parse().unwrap();
        Self {
            ledger: Ledger::new(),
            facts: ConnectionFacts::new(peer),
        }
    }

    fn established(delay: Option<u32>) -> Self {
        let mut setup = Self::new();
        setup.send(&connect(delay));
        assert!(setup.answer(&connack(ConnectReturnCode::Success)));
        setup
    }

    fn send(&mut self, packet: &Packet) -> (Verdict, Option<Announced>) {
        self.ledger.device_sent(&frame(packet), &mut self.facts)
    }

    fn answer(&mut self, packet: &Packet) -> bool {
        self.ledger.broker_sent(&frame(packet), &mut self.facts)
    }
}

#[test]
fn pings_of_the_gate_are_told_from_those_of_the_device() {
    let mut setup = Setup::established(None);
    assert!(setup.ledger.ping());
    setup.send(&Packet::PingReq(PingReq));
    assert!(setup.ledger.ping());
    let passed: Vec<bool> = (0..3)
        .map(|_| setup.answer(&Packet::PingResp(PingResp)))
        .collect();
    assert_eq!(passed, [false, true, false]);
}

#[test]
fn the_gate_pings_established_sessions_only() {
    let mut setup = Setup::new();
    assert!(!setup.ledger.ping());
    setup.send(&connect(None));
    assert!(!setup.ledger.ping());
    setup.answer(&connack(ConnectReturnCode::Success));
    assert!(setup.ledger.ping());
    setup.send(&Packet::Disconnect(Disconnect::new(
        DisconnectReasonCode::NormalDisconnection,
    )));
    assert_eq!(setup.ledger.phase(), Phase::Ending);
    assert!(!setup.ledger.ping());
}

#[test]
fn a_refusal_is_followed_by_a_close() {
    let mut setup = Setup::new();
    setup.send(&connect(None));
    assert!(setup.answer(&connack(ConnectReturnCode::NotAuthorized)));
    assert_eq!(setup.ledger.phase(), Phase::Ending);
    let reason = Some("NotAuthorized".to_owned());
    assert_eq!(setup.facts.auth, AuthOutcome::Refused { reason });
    assert_eq!(setup.ledger.closed(&mut setup.facts, None), (None, false));
}

#[test]
fn a_will_is_due_after_an_accepted_connection_without_goodbye() {
    let mut setup = Setup::established(None);
    let (will, delayed) = setup.ledger.closed(&mut setup.facts, None);
    assert_eq!(will.unwrap().topic, "status");
    assert!(!delayed);
    let mut setup = Setup::established(Some(30));
    let (will, delayed) = setup.ledger.closed(&mut setup.facts, None);
    assert!(will.is_some() && delayed);
    let mut setup = Setup::new();
    setup.send(&connect(None));
    assert_eq!(
        setup
            .ledger
            .closed(&mut setup.facts, Some(LoginCheck::Failed)),
        (None, false)
    );
    assert_eq!(setup.facts.auth, AuthOutcome::BadLogin { user: None });
}

#[test]
fn topic_aliases_are_resolved() {
    let mut setup = Setup::established(None);
    let topic = |(_, announced): (Verdict, Option<Announced>)| announced.unwrap().topic;
    assert_eq!(topic(setup.send(&publish("a/b", Some(1)))), "a/b");
    assert_eq!(topic(setup.send(&publish("", Some(1)))), "a/b");
    assert_eq!(topic(setup.send(&publish("", Some(2)))), "");
}

#[test]
fn the_window_fills_and_empties() {
    let mut setup = Setup::established(None);
    for n in 0..WINDOW {
        assert!(!setup.ledger.window_full(), "{n} in flight");
        let publish = Publish {
            pkid: 1,
            ..Publish::new("t", QoS::AtLeastOnce, &b""[..], None)
        };
        setup.answer(&Packet::Publish(publish));
    }
    assert!(setup.ledger.window_full());
    setup.send(&Packet::PubAck(PubAck::new(1, None)));
    assert!(!setup.ledger.window_full());
}
