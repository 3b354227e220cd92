//! The TLS side: certificates of every kind, and lengths that do not vary.

use std::io::Write;
use std::net::TcpStream;

use harness::broker::{
    Broker, CertificateKind, ClosedBy, ConnectionFacts, OTHER_HOST, Pki, QoS, TlsMode,
};
use rustls::{CertificateError, Error};

use crate::device::{Device, HOST, PASSWORD, connect, publish, subscribe};
use crate::{config, start};

#[test]
fn the_handshake_is_told() {
    let (broker, pki) = start();
    let device = Device::connect(&broker, &pki, "dev1");
    let tls = broker.connections().remove(0).tls;
    assert_eq!(tls.sni.as_deref(), Some(HOST));
    assert_eq!(tls.version.as_deref(), Some("TLSv1_3"));
    assert_eq!(tls.suite.as_deref(), Some("TLS13_AES_128_GCM_SHA256"));
    assert_eq!(tls.group.as_deref(), Some("secp256r1"));
    assert!(tls.handshake_complete && tls.mqtt_seen);
    assert_eq!(
        (tls.error, tls.alert_sent, tls.alert_received),
        (None, None, None)
    );
    assert_eq!(device.closed, None);
}

/// Handshake with a server of this kind; gives the client's verdict and the broker's facts.
fn meet(kind: CertificateKind) -> (Option<Error>, ConnectionFacts) {
    let pki = Pki::new().unwrap();
    let broker = Broker::start(config(&pki, kind)).unwrap();
    let mut device = Device::dial(&broker, &pki);
    device.exchange(&broker);
    (device.tls_error, broker.connections().remove(0))
}

#[test]
fn every_bad_certificate_is_bad_in_its_own_way() {
    use CertificateKind as Kind;
    let refused = |kind| match meet(kind) {
        (Some(Error::InvalidCertificate(reason)), facts) => (reason, facts),
        (other, _) => panic!("{kind:?}: {other:?}"),
    };
    let (reason, facts) = refused(Kind::Expired);
    assert!(
        matches!(reason, CertificateError::ExpiredContext { .. }),
        "{reason:?}"
    );
    assert_eq!(
        facts.tls.alert_received.as_deref(),
        Some("CertificateExpired")
    );
    assert_eq!(facts.closed_by, Some(ClosedBy::Device));
    assert!(!facts.tls.handshake_complete);
    assert_eq!(facts.tls.application_bytes, 0);
    let (reason, _) = refused(Kind::NotYetValid);
    assert!(
        matches!(reason, CertificateError::NotValidYetContext { .. }),
        "{reason:?}"
    );
    let (reason, _) = refused(Kind::OtherHost);
    assert!(format!("{reason:?}").contains(OTHER_HOST), "{reason:?}");
    let (reason, _) = refused(Kind::OtherCa);
    assert_eq!(reason, CertificateError::UnknownIssuer);
    // The forged CA bears the right name, so that its signature is what gives it away.
    let (reason, _) = refused(Kind::ForgedCa);
    assert_eq!(reason, CertificateError::BadSignature);
    let (reason, _) = refused(Kind::LeafAsCa);
    assert!(
        format!("{reason:?}").contains("EndEntityUsedAsCa"),
        "{reason:?}"
    );
    let (reason, _) = refused(Kind::WrongKeyUsage);
    assert!(
        matches!(reason, CertificateError::InvalidPurposeContext { .. }),
        "{reason:?}"
    );
}

#[test]
fn good_certificates_are_accepted() {
    for kind in [
        CertificateKind::Valid,
        CertificateKind::UnsupportedKey,
        CertificateKind::LongChain,
    ] {
        let (error, facts) = meet(kind);
        assert_eq!(error, None, "{kind:?}");
        assert!(facts.tls.handshake_complete, "{kind:?}");
    }
    // rustls follows six intermediates at most; that it got so far shows the chain came over.
    let (error, _) = meet(CertificateKind::HugeChain);
    assert!(
        matches!(error, Some(Error::InvalidCertificate(_))),
        "{error:?}"
    );
}

#[test]
fn a_server_too_old_is_told_from_its_alert() {
    let pki = Pki::new().unwrap();
    let broker = Broker::start(config(&pki, CertificateKind::Valid).tls(TlsMode::Tls12)).unwrap();
    let mut device = Device::dial(&broker, &pki);
    device.exchange(&broker);
    let facts = broker.connections().remove(0);
    assert_eq!(facts.tls.alert_sent.as_deref(), Some("ProtocolVersion"));
    assert_eq!(facts.tls.sni.as_deref(), Some(HOST));
    assert_eq!(facts.closed_by, Some(ClosedBy::Tls));
    assert!(device.closed.is_some());
    assert!(
        matches!(device.tls_error, Some(Error::AlertReceived(_))),
        "{:?}",
        device.tls_error
    );
}

#[test]
fn what_is_not_tls_is_refused_and_what_follows_is_swallowed() {
    let (broker, _pki) = start();
    let mut socket = TcpStream::connect(broker.tls_addr()).unwrap();
    let peer = socket.local_addr().unwrap();
    socket
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let settled = broker.settle(peer, 27).unwrap();
    assert!(settled.closed.is_some());
    socket.write_all(&[0; 1000]).unwrap();
    assert_eq!(broker.settle(peer, 1027).unwrap(), settled);
    let facts = broker.connections().remove(0);
    assert!(facts.tls.error.is_some());
    assert_eq!(facts.tls.alert_sent.as_deref(), Some("DecodeError"));
}

#[test]
fn two_runs_put_the_same_lengths_on_the_wire() {
    let run = || {
        let (broker, pki) = start();
        let mut device = Device::dial(&broker, &pki);
        let mut steps = Vec::new();
        device.exchange(&broker);
        steps.push((device.sent, device.read));
        for packet in [
            connect("dev1", PASSWORD, None),
            subscribe(1, "t/#", QoS::AtLeastOnce),
            publish(2, "t/x", QoS::AtLeastOnce, b"payload"),
        ] {
            device.ask(&broker, &[packet]);
            steps.push((device.sent, device.read));
        }
        (steps, device.records)
    };
    let first = run();
    for _ in 0..8 {
        assert_eq!(run(), first);
    }
}
