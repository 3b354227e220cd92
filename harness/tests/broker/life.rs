//! Starting, stopping, ports, secrets, and what happens when things go wrong.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use harness::broker::{
    Broker, BrokerConfig, BrokerError, CertificateKind, ClosedBy, Pacing, Pki, QoS, Secret,
};

use crate::device::{Device, HOST, PASSWORD, publish, subscribe};
use crate::{config, start};

#[test]
fn a_stopped_broker_refuses_and_a_restarted_one_is_where_it_was() {
    let (mut broker, pki) = start();
    let addr = broker.tls_addr();
    let mut device = Device::connect(&broker, &pki, "dev1");
    device.ask(&broker, &[publish(1, "t", QoS::AtLeastOnce, b"before")]);

    broker.stop().unwrap();
    broker.stop().unwrap();
    assert!(device.unasked(&broker).is_empty());
    assert!(device.closed.is_some());
    assert_eq!(broker.connections()[0].closed_by, Some(ClosedBy::Stop));
    let refused = TcpStream::connect(addr).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let error = broker
        .publish("t", b"", QoS::AtMostOnce, false)
        .unwrap_err();
    assert!(matches!(error, BrokerError::Stopped), "{error}");

    broker.restart().unwrap();
    assert_eq!(broker.tls_addr(), addr);
    let mut device = Device::connect(&broker, &pki, "dev1");
    device.ask(&broker, &[publish(1, "t", QoS::AtLeastOnce, b"after")]);
    let payloads: Vec<_> = broker
        .take_messages()
        .into_iter()
        .map(|m| m.payload)
        .collect();
    assert_eq!(payloads, [b"before".to_vec(), b"after".to_vec()]);
    for _ in 0..5 {
        broker.restart().unwrap();
    }
    assert_eq!(broker.tls_addr(), addr);
    Device::connect(&broker, &pki, "dev1");
}

#[test]
fn stopping_publishes_no_will() {
    use rumqttc::v5::mqttbytes::v5::LastWill;
    let (mut broker, pki) = start();
    let will = Some(LastWill::new(
        "dev1/status",
        "offline",
        QoS::AtLeastOnce,
        true,
        None,
    ));
    let mut device = Device::open(&broker, &pki);
    device.ask(&broker, &[crate::device::connect("dev1", PASSWORD, will)]);
    broker.restart().unwrap();
    assert!(broker.take_messages().is_empty());
}

#[test]
fn ports_are_free_again_after_drop() {
    let (broker, pki) = start();
    let device = Device::connect(&broker, &pki, "dev1");
    let ports = [broker.tls_addr(), broker.plain_addr()];
    for addr in ports {
        assert!(
            TcpListener::bind(addr).is_err(),
            "{addr} is in use while the broker runs"
        );
    }
    drop(broker);
    for addr in ports {
        TcpListener::bind(addr).unwrap();
    }
    drop(device);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = taken.local_addr().unwrap();
    let pki = Pki::new().unwrap();
    let good = config(&pki, CertificateKind::Valid);
    for (config, what) in [
        (
            BrokerConfig {
                tls_port: addr.port(),
                ..good.clone()
            },
            "TLS",
        ),
        (
            BrokerConfig {
                plain_port: addr.port(),
                ..good
            },
            "rumqttd",
        ),
    ] {
        match Broker::start(config).unwrap_err() {
            BrokerError::PortInUse {
                what: found,
                addr: at,
            } => assert_eq!((found, at), (what, addr)),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn what_does_not_settle_is_named() {
    let pki = Pki::new().unwrap();
    let config = config(&pki, CertificateKind::Valid);
    let broker = Broker::start(BrokerConfig {
        settle_limit: Duration::from_millis(50),
        ..config
    })
    .unwrap();
    let device = Device::dial(&broker, &pki);
    broker.settle(device.peer, 0).unwrap();
    let error = broker.settle(device.peer, 5).unwrap_err().to_string();
    assert!(
        error.contains(&device.peer.to_string()) && error.contains("0 bytes"),
        "{error}"
    );
    let nobody = "127.0.0.1:9".parse().unwrap();
    let error = broker.settle(nobody, 0).unwrap_err().to_string();
    assert!(error.contains("outstanding"), "{error}");
}

#[test]
fn a_caller_that_miscounts_is_told() {
    let (broker, pki) = start();
    let device = Device::open(&broker, &pki);
    let error = broker.settle(device.peer, device.sent - 1).unwrap_err();
    assert!(matches!(error, BrokerError::Accounting { .. }), "{error}");
}

#[test]
fn secrets_do_not_show() {
    let pki = Pki::new().unwrap();
    let config = config(&pki, CertificateKind::Valid);
    let before = format!("{config:?} {:?} {pki:?}", Secret::new("hidden"));
    let broker = Broker::start(config).unwrap();
    Device::connect(&broker, &pki, "dev1");
    let everything = format!("{before} {broker:?} {:?}", broker.connections());
    assert!(!everything.contains(PASSWORD) && !everything.contains("hidden"));
}

#[test]
fn without_users_everybody_may_connect() {
    let pki = Pki::new().unwrap();
    let identity = pki.server(CertificateKind::Valid, HOST).unwrap();
    let broker = Broker::start(BrokerConfig::new(identity)).unwrap();
    Device::connect(&broker, &pki, "anybody");
}

#[test]
fn brokers_live_side_by_side() {
    std::thread::scope(|scope| {
        for number in 0..6 {
            scope.spawn(move || {
                let (mut broker, pki) = start();
                for round in 0..3 {
                    let mut device = Device::connect(&broker, &pki, "dev1");
                    device.ask(&broker, &[subscribe(1, "t", QoS::AtLeastOnce)]);
                    let payload = [number, round];
                    let answer =
                        device.ask(&broker, &[publish(2, "t", QoS::AtLeastOnce, &payload)]);
                    assert_eq!(answer.len(), 2);
                    assert_eq!(broker.take_messages()[0].payload, payload);
                    broker.restart().unwrap();
                }
            });
        }
    });
}

#[test]
fn several_devices_hear_one_another() {
    let (broker, pki) = start();
    let mut devices: Vec<Device> = (0..4)
        .map(|n| Device::connect(&broker, &pki, &format!("dev{n}")))
        .collect();
    for device in &mut devices {
        device.ask(&broker, &[subscribe(1, "all/#", QoS::AtLeastOnce)]);
    }
    devices[0].ask(&broker, &[publish(1, "all/x", QoS::AtMostOnce, b"hello")]);
    let settled = broker.settle_all().unwrap();
    for device in &mut devices[1..] {
        let (_, state) = settled
            .iter()
            .find(|(peer, _)| *peer == device.peer)
            .unwrap();
        device.receive(*state);
        assert_eq!(device.packets().len(), 1);
    }
}

#[test]
fn in_free_pacing_nothing_waits_for_settling() {
    use std::io::Read;
    let pki = Pki::new().unwrap();
    let config = config(&pki, CertificateKind::Valid);
    let broker = Broker::start(BrokerConfig {
        pacing: Pacing::Free,
        ..config
    })
    .unwrap();
    let name = rustls::pki_types::ServerName::try_from(HOST).unwrap();
    let tls = rustls::ClientConnection::new(crate::device::client_config(&pki), name).unwrap();
    let socket = TcpStream::connect(broker.tls_addr()).unwrap();
    let mut stream = rustls::StreamOwned::new(tls, socket);
    let hello = crate::device::encode(&crate::device::connect("dev1", PASSWORD, None));
    std::io::Write::write_all(&mut stream, &hello).unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).unwrap();
    assert_eq!(connack[0], 0x20);
    assert_eq!(connack[3], 0, "reason code: success");
}
