//! What MQTT does, and that `settle` waits for all of it.

use harness::broker::{AuthOutcome, Broker, ClosedBy, Direction, PacketKind, Publisher, QoS};
use rumqttc::v5::mqttbytes::v5::{
    Disconnect, DisconnectReasonCode, LastWill, Packet, PingReq, PubRel, Publish,
    PublishProperties, Unsubscribe,
};

use crate::device::{Device, PASSWORD, USER, connect, encode, puback, publish, subscribe};
use crate::start;

fn kinds(packets: &[Packet]) -> Vec<&'static str> {
    packets
        .iter()
        .map(|packet| match packet {
            Packet::ConnAck(_) => "CONNACK",
            Packet::SubAck(_) => "SUBACK",
            Packet::UnsubAck(_) => "UNSUBACK",
            Packet::PubAck(_) => "PUBACK",
            Packet::PubRec(_) => "PUBREC",
            Packet::PubComp(_) => "PUBCOMP",
            Packet::PingResp(_) => "PINGRESP",
            Packet::Publish(_) => "PUBLISH",
            Packet::Disconnect(_) => "DISCONNECT",
            _ => "other",
        })
        .collect()
}

fn topics(broker: &Broker) -> Vec<String> {
    broker
        .take_messages()
        .into_iter()
        .map(|message| message.topic)
        .collect()
}

#[test]
fn a_publish_is_acknowledged_and_captured_as_it_was_sent() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    let properties = PublishProperties {
        content_type: Some("application/json".to_owned()),
        user_properties: vec![("boot".to_owned(), "7".to_owned())],
        ..Default::default()
    };
    let packet = Publish {
        pkid: 3,
        retain: true,
        ..Publish::new(
            "dev1/status",
            QoS::AtLeastOnce,
            &b"{\"up\":1}"[..],
            Some(properties.clone()),
        )
    };
    let answer = device.ask(&broker, &[Packet::Publish(packet)]);
    assert!(
        matches!(&answer[..], [Packet::PubAck(ack)] if ack.pkid == 3),
        "{answer:?}"
    );

    let messages = broker.take_messages();
    let [message] = &messages[..] else {
        panic!("{messages:?}")
    };
    assert_eq!(message.topic, "dev1/status");
    assert_eq!(message.payload, b"{\"up\":1}");
    assert_eq!(message.properties, Some(properties));
    let published = message.published.as_ref().unwrap();
    assert_eq!(published.publisher, Publisher::Device("dev1".to_owned()));
    assert_eq!(published.qos, QoS::AtLeastOnce);
    assert!(published.retain && !published.dup);
    assert!(broker.take_messages().is_empty());
}

#[test]
fn every_quality_of_service_is_seen_through_to_its_end() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    assert!(
        device
            .ask(&broker, &[publish(0, "t/0", QoS::AtMostOnce, b"0")])
            .is_empty()
    );
    assert_eq!(topics(&broker), ["t/0"]);
    let answer = device.ask(&broker, &[publish(1, "t/1", QoS::AtLeastOnce, b"1")]);
    assert_eq!(kinds(&answer), ["PUBACK"]);
    assert_eq!(topics(&broker), ["t/1"]);
    let answer = device.ask(&broker, &[publish(2, "t/2", QoS::ExactlyOnce, b"2")]);
    assert_eq!(kinds(&answer), ["PUBREC"]);
    assert!(topics(&broker).is_empty(), "not before PUBREL");
    let answer = device.ask(&broker, &[Packet::PubRel(PubRel::new(2, None))]);
    assert_eq!(kinds(&answer), ["PUBCOMP"]);
    let messages = broker.take_messages();
    assert_eq!(
        messages[0].published.as_ref().unwrap().qos,
        QoS::ExactlyOnce
    );
    let answer = device.ask(&broker, &[Packet::PingReq(PingReq)]);
    assert_eq!(
        kinds(&answer),
        ["PINGRESP"],
        "the device's own, and none of the gate's"
    );
}

#[test]
fn facts_tell_the_packets_in_order() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    device.ask(
        &broker,
        &[
            publish(7, "a/b", QoS::AtLeastOnce, b"x"),
            Packet::PingReq(PingReq),
        ],
    );
    let facts = broker.connections().remove(0);
    let seen: Vec<_> = facts
        .packets
        .iter()
        .map(|p| (p.direction, p.kind, p.packet_id, p.size))
        .collect();
    let connect_size = encode(&connect("dev1", PASSWORD, None)).len();
    let connack_size = facts.packets[1].size;
    assert_eq!(
        seen,
        [
            (
                Direction::FromDevice,
                PacketKind::Connect,
                None,
                connect_size
            ),
            (Direction::ToDevice, PacketKind::ConnAck, None, connack_size),
            (
                Direction::FromDevice,
                PacketKind::Publish,
                Some(7),
                2 + 2 + 3 + 2 + 1 + 1
            ),
            (Direction::FromDevice, PacketKind::PingReq, None, 2),
            (
                Direction::ToDevice,
                PacketKind::PubAck,
                Some(7),
                facts.packets[4].size
            ),
            (Direction::ToDevice, PacketKind::PingResp, None, 2),
        ]
    );
    assert_eq!(facts.packets[2].topic.as_deref(), Some("a/b"));
    assert_eq!(facts.client_id.as_deref(), Some("dev1"));
    assert_eq!(facts.auth, AuthOutcome::Accepted);
    assert_eq!(facts.closed_by, None);
    assert_eq!(
        (facts.bytes_in, facts.bytes_out),
        (device.sent, device.read)
    );
}

#[test]
fn a_wrong_password_is_refused_without_an_answer() {
    let (broker, pki) = start();
    let mut device = Device::open(&broker, &pki);
    let answer = device.ask(&broker, &[connect("dev1", "not the password", None)]);
    assert!(answer.is_empty(), "{answer:?}");
    assert!(device.closed.is_some());
    let facts = broker.connections().remove(0);
    assert_eq!(
        facts.auth,
        AuthOutcome::BadLogin {
            user: Some(USER.to_owned())
        }
    );
    assert_eq!(facts.closed_by, Some(ClosedBy::Broker));
    let everything = format!("{facts:?}");
    assert!(!everything.contains("not the password"), "{everything}");
    // The front is none the worse for it.
    Device::connect(&broker, &pki, "dev1");
}

#[test]
fn a_missing_login_and_a_zero_keep_alive_are_told_apart() {
    let (broker, pki) = start();
    let Packet::Connect(packet, _, login) = connect("dev1", PASSWORD, None) else {
        panic!()
    };
    let mut device = Device::open(&broker, &pki);
    device.ask(&broker, &[Packet::Connect(packet.clone(), None, None)]);
    let mut device = Device::open(&broker, &pki);
    let mut timeless = packet;
    timeless.keep_alive = 0;
    device.ask(&broker, &[Packet::Connect(timeless, None, login)]);
    let outcomes: Vec<_> = broker
        .connections()
        .into_iter()
        .map(|facts| facts.auth)
        .collect();
    let expected = [
        AuthOutcome::BadLogin { user: None },
        AuthOutcome::Refused { reason: None },
    ];
    assert_eq!(outcomes, expected);
}

#[test]
fn what_the_harness_publishes_reaches_the_subscribed_device() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    let answer = device.ask(&broker, &[subscribe(1, "dev1/cmd/#", QoS::AtLeastOnce)]);
    assert_eq!(kinds(&answer), ["SUBACK"]);
    for (topic, qos) in [
        ("dev1/cmd/interval", QoS::AtMostOnce),
        ("dev1/cmd/status", QoS::AtLeastOnce),
        ("dev1/cmd/reboot", QoS::ExactlyOnce),
    ] {
        broker.publish(topic, b"5", qos, false).unwrap();
        let packets = device.unasked(&broker);
        let [Packet::Publish(command)] = &packets[..] else {
            panic!("{packets:?}")
        };
        assert_eq!(&command.topic[..], topic.as_bytes());
        assert!(device.ask(&broker, &[puback(command.pkid)]).is_empty());
        let messages = broker.take_messages();
        assert_eq!(
            messages[0].published.as_ref().unwrap().publisher,
            Publisher::Harness
        );
        assert_eq!(messages[0].published.as_ref().unwrap().qos, qos);
    }
    broker
        .publish("dev2/cmd/interval", b"5", QoS::AtLeastOnce, false)
        .unwrap();
    assert!(device.unasked(&broker).is_empty());
}

#[test]
fn a_topic_nobody_could_receive_is_refused() {
    let (broker, _pki) = start();
    for topic in ["", "a/+", "a/#", "$SYS/x", "\u{fc}/x"] {
        let error = broker
            .publish(topic, b"", QoS::AtMostOnce, false)
            .unwrap_err();
        assert!(error.to_string().contains(&format!("{topic:?}")), "{error}");
    }
}

#[test]
fn a_retained_message_waits_for_its_subscriber() {
    let (broker, pki) = start();
    broker
        .publish("dev1/cmd/interval", b"9", QoS::AtLeastOnce, true)
        .unwrap();
    let mut device = Device::connect(&broker, &pki, "dev1");
    let answer = device.ask(&broker, &[subscribe(1, "dev1/cmd/+", QoS::AtLeastOnce)]);
    assert_eq!(kinds(&answer), ["SUBACK", "PUBLISH"]);
    let Packet::Publish(command) = &answer[1] else {
        panic!()
    };
    assert!(command.retain);
    let packets = [Packet::Unsubscribe(Unsubscribe {
        pkid: 2,
        ..Unsubscribe::new("dev1/cmd/+", None)
    })];
    assert_eq!(kinds(&device.ask(&broker, &packets)), ["UNSUBACK"]);
    // rumqttd says nothing when there is nothing to unsubscribe; settling must not wait for it.
    assert!(device.ask(&broker, &packets).is_empty());
}

#[test]
fn acknowledgements_come_before_messages_each_in_a_record_of_its_own() {
    let lengths = || {
        let (broker, pki) = start();
        let mut device = Device::connect(&broker, &pki, "dev1");
        device.ask(&broker, &[subscribe(1, "t/#", QoS::AtLeastOnce)]);
        device.records.clear();
        let burst: Vec<Packet> = (0..20)
            .map(|n| publish(n + 1, "t/x", QoS::AtLeastOnce, &vec![b'x'; usize::from(n)]))
            .collect();
        let answer = device.ask(&broker, &burst);
        let mut expected = vec!["PUBACK"; 20];
        expected.extend(["PUBLISH"; 20]);
        assert_eq!(kinds(&answer), expected);
        assert_eq!(device.records.len(), 40);
        assert_eq!(broker.take_messages().len(), 20);
        device.records
    };
    let first = lengths();
    for _ in 0..5 {
        assert_eq!(lengths(), first);
    }
}

#[test]
fn a_message_that_was_there_first_still_comes_after_the_acknowledgement() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    device.ask(&broker, &[subscribe(1, "cmd", QoS::AtLeastOnce)]);
    broker.publish("cmd", b"", QoS::AtLeastOnce, false).unwrap();
    // The command is at the front, held until the next settle.
    let answer = device.ask(&broker, &[publish(2, "t", QoS::AtLeastOnce, b"x")]);
    assert_eq!(kinds(&answer), ["PUBACK", "PUBLISH"]);
}

#[test]
fn more_messages_than_the_window_come_as_the_device_acknowledges() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    device.ask(&broker, &[subscribe(1, "t", QoS::AtLeastOnce)]);
    for _ in 0..150 {
        broker.publish("t", b"x", QoS::AtMostOnce, false).unwrap();
    }
    let mut received = 0;
    let mut packets = device.unasked(&broker);
    while !packets.is_empty() {
        received += packets.len();
        let acks: Vec<Packet> = packets
            .iter()
            .map(|packet| match packet {
                Packet::Publish(publish) => puback(publish.pkid),
                other => panic!("{other:?}"),
            })
            .collect();
        packets = device.ask(&broker, &acks);
    }
    assert_eq!(received, 150);
    assert_eq!(broker.take_messages().len(), 150);
}

#[test]
fn a_burst_larger_than_every_queue_settles_completely() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    device.ask(&broker, &[subscribe(1, "t", QoS::AtMostOnce)]);
    let burst: Vec<Packet> = (0..1000)
        .map(|_| publish(0, "t", QoS::AtMostOnce, b"y"))
        .collect();
    assert_eq!(device.ask(&broker, &burst).len(), 1000);
    assert_eq!(broker.take_messages().len(), 1000);
}

#[test]
fn a_packet_of_many_records_arrives_whole() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    device.ask(&broker, &[subscribe(1, "big", QoS::AtLeastOnce)]);
    let payload: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    let answer = device.ask(&broker, &[publish(1, "big", QoS::AtLeastOnce, &payload)]);
    let [Packet::PubAck(_), Packet::Publish(back)] = &answer[..] else {
        panic!()
    };
    assert_eq!(back.payload, payload);
    assert_eq!(broker.take_messages()[0].payload, payload);
}

#[test]
fn packets_cut_into_pieces_are_put_together() {
    let (broker, pki) = start();
    let mut device = Device::connect(&broker, &pki, "dev1");
    let bytes = encode(&publish(1, "t", QoS::AtLeastOnce, b"in pieces"));
    for (index, byte) in bytes.iter().enumerate() {
        let answer = device.ask_raw(&broker, &[*byte]);
        let expected: &[&str] = if index + 1 == bytes.len() {
            &["PUBACK"]
        } else {
            &[]
        };
        assert_eq!(kinds(&answer), expected);
    }
    assert_eq!(topics(&broker), ["t"]);
}

#[test]
fn a_will_is_published_for_whoever_vanishes_and_not_for_who_says_goodbye() {
    let (broker, pki) = start();
    let will = || {
        Some(LastWill::new(
            "dev1/status",
            "offline",
            QoS::AtLeastOnce,
            true,
            None,
        ))
    };
    let mut device = Device::open(&broker, &pki);
    device.ask(&broker, &[connect("dev1", PASSWORD, will())]);
    device.vanish(&broker);
    let messages = broker.take_messages();
    let [message] = &messages[..] else {
        panic!("{messages:?}")
    };
    assert_eq!(
        (message.topic.as_str(), &message.payload[..]),
        ("dev1/status", &b"offline"[..])
    );
    let published = message.published.as_ref().unwrap();
    assert_eq!(published.publisher, Publisher::Will("dev1".to_owned()));
    assert!(published.retain);
    assert_eq!(broker.connections()[0].closed_by, Some(ClosedBy::Device));

    let mut device = Device::open(&broker, &pki);
    device.ask(&broker, &[connect("dev1", PASSWORD, will())]);
    let goodbye = Packet::Disconnect(Disconnect::new(DisconnectReasonCode::NormalDisconnection));
    device.ask(&broker, &[goodbye]);
    assert!(
        device.closed.is_some(),
        "the broker closes after DISCONNECT"
    );
    device.vanish(&broker);
    assert!(broker.take_messages().is_empty());
    assert_eq!(broker.connections()[1].closed_by, Some(ClosedBy::Broker));
}

#[test]
fn a_takeover_ends_the_old_connection() {
    let (broker, pki) = start();
    let mut old = Device::connect(&broker, &pki, "dev1");
    let mut new = Device::connect(&broker, &pki, "dev1");
    assert!(old.unasked(&broker).is_empty());
    assert!(old.closed.is_some());
    let answer = new.ask(&broker, &[publish(1, "t", QoS::AtLeastOnce, b"x")]);
    assert_eq!(kinds(&answer), ["PUBACK"]);
}

#[test]
fn a_resumed_session_gets_what_it_missed() {
    let (broker, pki) = start();
    let Packet::Connect(mut packet, _, login) = connect("dev1", PASSWORD, None) else {
        panic!()
    };
    packet.clean_start = false;
    packet.properties.as_mut().unwrap().session_expiry_interval = Some(3600);
    let hello = Packet::Connect(packet, None, login);
    let mut device = Device::open(&broker, &pki);
    device.ask(
        &broker,
        &[hello.clone(), subscribe(1, "cmd", QoS::AtLeastOnce)],
    );
    device.vanish(&broker);
    for payload in [b"1", b"2"] {
        broker
            .publish("cmd", payload, QoS::AtLeastOnce, false)
            .unwrap();
    }
    let mut device = Device::open(&broker, &pki);
    let answer = device.ask(&broker, &[hello]);
    assert_eq!(kinds(&answer), ["CONNACK", "PUBLISH", "PUBLISH"]);
}

#[test]
fn what_is_not_mqtt_is_passed_on_noted_and_ends_the_connection() {
    for (data, reason) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], ""),
        (&[0x10, 0xff, 0xff, 0xff, 0xff, 0x7f][..], "malformed"),
        (&[0xc0, 0x00][..], "no CONNECT"),
    ] {
        let (broker, pki) = start();
        let mut device = Device::open(&broker, &pki);
        device.ask_raw(&broker, data);
        let facts = broker.connections().remove(0);
        if reason.is_empty() {
            // "GE" announces a packet of 69 bytes: the broker waits for the rest.
            assert_eq!((device.closed, facts.not_mqtt), (None, None));
        } else {
            assert!(device.closed.is_some(), "{data:?}");
            assert!(facts.not_mqtt.unwrap().contains(reason));
        }
    }
}

#[test]
fn close_notify_without_a_goodbye_is_answered_in_kind() {
    let (broker, pki) = start();
    let will = Some(LastWill::new(
        "dev1/status",
        "offline",
        QoS::AtMostOnce,
        false,
        None,
    ));
    let mut device = Device::open(&broker, &pki);
    device.ask(&broker, &[connect("dev1", PASSWORD, will)]);
    device.close_notify(&broker);
    assert!(device.closed.is_some());
    assert_eq!(topics(&broker), ["dev1/status"]);
}
