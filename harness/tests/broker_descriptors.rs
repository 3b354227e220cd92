//! A run starts hundreds of brokers in one process; each must give back what it opened.
//!
//! Alone in its file: tests beside it would open descriptors of their own.
#![cfg(target_os = "linux")]

use harness::broker::{Broker, BrokerConfig, CertificateKind, Pki};

#[test]
fn a_broker_gives_its_descriptors_back() {
    let open_descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let pki = Pki::new().unwrap();
    let start_and_drop = || {
        let identity = pki
            .server(CertificateKind::Valid, "broker.hil.test")
            .unwrap();
        drop(Broker::start(BrokerConfig::new(identity)).unwrap());
    };
    start_and_drop();
    let before = open_descriptors();
    (0..20).for_each(|_| start_and_drop());
    assert_eq!(open_descriptors(), before);
}
