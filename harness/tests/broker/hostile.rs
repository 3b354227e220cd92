//! The server without a certificate: whom it fools, and whom it does not.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use embedded_tls::blocking::TlsConnection;
use embedded_tls::{Aes128GcmSha256, TlsConfig, TlsContext, UnsecureProvider};
use harness::broker::{Adversary, Broker, CertificateKind, ClosedBy, Pki, TlsMode};
use rand_core::OsRng;

use crate::device::{Device, HOST, PASSWORD, connect, encode};

fn start() -> (Broker, Pki) {
    let pki = Pki::new().unwrap();
    let config =
        crate::config(&pki, CertificateKind::Valid).tls(TlsMode::Hostile(Adversary::NoCertificate));
    (Broker::start(config).unwrap(), pki)
}

/// Counts what is written, because `settle` wants to know.
struct Socket<'a>(&'a TcpStream, &'a mut u64);

impl embedded_io::ErrorType for Socket<'_> {
    type Error = embedded_io::ErrorKind;
}

impl embedded_io::Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        self.0
            .read(buffer)
            .map_err(|_| embedded_io::ErrorKind::Other)
    }
}

impl embedded_io::Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        let count = self
            .0
            .write(bytes)
            .map_err(|_| embedded_io::ErrorKind::Other)?;
        *self.1 += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// embedded-tls accepts Finished for proof of identity, whatever its verifier would have said.
#[test]
fn a_client_without_a_guard_entrusts_its_password_to_it() -> Result<(), Infallible> {
    let (broker, _pki) = start();
    let socket = TcpStream::connect(broker.tls_addr()).unwrap();
    let peer = socket.local_addr().unwrap();
    let mut sent = 0;
    let (mut read_buffer, mut write_buffer) = (vec![0; 16_640], vec![0; 4096]);
    let mut tls: TlsConnection<'_, _, Aes128GcmSha256> = TlsConnection::new(
        Socket(&socket, &mut sent),
        &mut read_buffer,
        &mut write_buffer,
    );
    let config = TlsConfig::new().with_server_name(HOST);
    tls.open(TlsContext::new(
        &config,
        UnsecureProvider::new::<Aes128GcmSha256>(OsRng),
    ))
    .unwrap();
    let packet = encode(&connect("dev1", PASSWORD, None));
    tls.write(&packet).unwrap();
    tls.flush().unwrap();
    let Ok(_) = tls.close() else { panic!("close") };

    let settled = broker.settle(peer, sent).unwrap();
    let facts = broker.connections().remove(0);
    assert_eq!(facts.tls.sni.as_deref(), Some(HOST));
    assert!(facts.tls.handshake_complete);
    assert_eq!(facts.tls.error, None);
    assert_eq!(facts.tls.application_bytes, packet.len() as u64);
    assert!(facts.tls.mqtt_seen);
    assert_eq!((facts.bytes_in, facts.bytes_out), (sent, settled.written));
    // Nothing of it went to the broker, and nothing of it is kept.
    assert!(facts.packets.is_empty());
    assert_eq!(facts.client_id, None);
    assert!(!format!("{facts:?}").contains(PASSWORD));
    assert!(broker.take_messages().is_empty());
    Ok(())
}

#[test]
fn an_honest_client_refuses_it_before_any_application_data() {
    let (broker, pki) = start();
    let mut device = Device::dial(&broker, &pki);
    device.exchange(&broker);
    assert!(
        matches!(
            device.tls_error,
            Some(rustls::Error::InappropriateHandshakeMessage { .. })
        ),
        "{:?}",
        device.tls_error
    );
    let facts = broker.connections().remove(0);
    assert_eq!(
        facts.tls.alert_received.as_deref(),
        Some("UnexpectedMessage")
    );
    assert!(!facts.tls.handshake_complete && !facts.tls.mqtt_seen);
    assert_eq!(facts.tls.application_bytes, 0);
    assert_eq!(facts.closed_by, Some(ClosedBy::Device));
    assert!(device.closed.is_some());
}

#[test]
fn its_lengths_do_not_vary_either() {
    let run = || {
        let (broker, pki) = start();
        let mut device = Device::dial(&broker, &pki);
        device.exchange(&broker);
        (device.sent, device.read)
    };
    let first = run();
    assert_eq!(run(), first);
    assert_eq!(run(), first);
}

#[test]
fn noise_ends_it_in_order() {
    for noise in [
        &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0][..],
        &[0xff; 64],
        &[23, 3, 3, 0, 1, 0],
    ] {
        let (broker, _pki) = start();
        let mut socket = TcpStream::connect(broker.tls_addr()).unwrap();
        let peer = socket.local_addr().unwrap();
        socket.write_all(noise).unwrap();
        let settled = broker.settle(peer, noise.len() as u64).unwrap();
        assert!(settled.closed.is_some());
        let facts = broker.connections().remove(0);
        assert!(facts.tls.error.is_some());
        assert_eq!(facts.closed_by, Some(ClosedBy::Tls));
    }
}
