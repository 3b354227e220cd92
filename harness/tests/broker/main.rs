//! The broker seen from outside: over TCP, TLS and MQTT, as a device sees it.

#![expect(
    clippy::unwrap_used,
    reason = "tests fail by panicking, their helpers too"
)]

mod device;
mod hostile;
mod life;
mod mqtt;
mod tls;

use device::{HOST, PASSWORD, USER};
use harness::broker::{Broker, BrokerConfig, CertificateKind, Pki};

/// A broker with a valid certificate and one user.
fn start() -> (Broker, Pki) {
    let pki = Pki::new().unwrap();
    let broker = Broker::start(config(&pki, CertificateKind::Valid)).unwrap();
    (broker, pki)
}

fn config(pki: &Pki, kind: CertificateKind) -> BrokerConfig {
    BrokerConfig::new(pki.server(kind, HOST).unwrap()).user(USER, PASSWORD)
}
