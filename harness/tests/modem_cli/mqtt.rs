//! The USR-DR154-E as an MQTT client of its own, against brokers of these tests.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use nix::sys::signal::Signal;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::{Modem, expect};

const HOST: &str = "broker.example";

/// Reads one packet of MQTT; `None` at the end. All of them are short here.
fn packet(peer: &mut impl Read) -> Option<Vec<u8>> {
    let mut packet = vec![0; 2];
    peer.read_exact(&mut packet).ok()?;
    packet.resize(2 + usize::from(packet[1]), 0);
    peer.read_exact(&mut packet[2..]).ok()?;
    Some(packet)
}

/// Accepts a client and sends each of its messages back under the topic `down`.
fn broker(mut peer: impl Read + Write) {
    while let Some(packet) = packet(&mut peer) {
        match packet[0] >> 4 {
            1 => {
                assert!(packet.ends_with(b"\x00\x04node"), "no user, no password");
                peer.write_all(&[0x20, 2, 0, 0]).unwrap();
            }
            3 => {
                let topic = usize::from(packet[3]);
                let message = &packet[4 + topic..];
                let length = u8::try_from(6 + message.len()).unwrap();
                let head = [&[0x30, length, 0, 4], b"down".as_slice()].concat();
                peer.write_all(&[&head, message].concat()).unwrap();
            }
            8 => peer.write_all(&[0x90, 3, packet[2], packet[3], 0]).unwrap(),
            _ => {}
        }
    }
}

/// Serves every connection with `serve`, all at the same time, and tells where.
fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let serve = Arc::new(serve);
        for peer in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(peer));
        }
    });
    format!("{HOST}={address}")
}

/// The modem's settings for its client, and then some.
fn arguments<'a>(host: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--profile", "usr-dr154", "--host", host];
    let base = [
        "WKMOD=MQTT,NOR",
        "MQTTSVR=broker.example,8883",
        "MQTTVER=4",
        "MQTTCID=node",
        "MQTTSUBTP=1,1,down,0",
        "MQTTPUBTP=1,1,up,0,0",
        "HEARTEN=OFF",
    ];
    for setting in base.iter().chain(more) {
        arguments.extend(["--set", setting]);
    }
    arguments
}

#[test]
fn serial_packets_become_messages_and_messages_come_back() {
    let host = listen(broker);
    let (modem, mut port) = Modem::with_pty(&arguments(&host, &["MQTTPSW=tiger"]));
    let port = port.as_mut();
    expect(port, b"USR-DR154-E");
    modem.shows("broker accepts");
    port.write_all(b"hello").unwrap();
    modem.shows("message of 5 bytes to topic 1");
    expect(port, b"hello");
    modem.signal(Signal::SIGINT);
    assert_eq!(modem.ends().code(), Some(0));
}

/// An authority, or what it signed.
struct Signed {
    pem: String,
    der: CertificateDer<'static>,
    params: CertificateParams,
    key: KeyPair,
}

impl Signed {
    fn authority() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            params,
            key,
        }
    }

    fn sign(&self, name: &str) -> Self {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            params,
            key,
        }
    }
}

/// As the cloud brokers do it: whoever does not name the server gets nothing. With `clients`, it
/// asks for a certificate that they signed.
fn tls_broker(server: &Signed, clients: Option<&Signed>) -> String {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::try_from(server.key.serialize_der()).unwrap();
    let key = ring::sign::any_supported_type(&key).unwrap();
    let mut named = ResolvesServerCertUsingSni::new();
    let certified = CertifiedKey::new(vec![server.der.clone()], key);
    named.add(HOST, certified).unwrap();
    let config = Arc::new(builder.with_cert_resolver(Arc::new(named)));
    listen(move |peer| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        // A handshake that fails ends the stream, and with it the broker's loop.
        broker(StreamOwned::new(session, peer));
    })
}

/// A PEM text as `AT+SSLCRT` wants it.
fn slot(slot: u8, pem: &str) -> String {
    let line = pem.replace('\r', "").replace('\n', "[0D][0A]");
    format!("SSLCRT={slot},{line}")
}

#[test]
fn tls_is_what_its_settings_make_of_it() {
    let (authority, stranger) = (Signed::authority(), Signed::authority());
    let server = authority.sign(HOST);
    let client = authority.sign("node");
    let (open, closed) = (
        tls_broker(&server, None),
        tls_broker(&server, Some(&authority)),
    );
    let trusted = slot(0, &authority.pem);
    let wrong = slot(0, &stranger.pem);
    let certificate = slot(1, &client.pem);
    let key = slot(2, &client.key.serialize_pem());
    let on = "SSLCFG=ON";
    let cases: [(&str, &[&str], &str); 9] = [
        // The recipe that worked in the field, and the same without its last line.
        (&open, &["SSLAUTH=NONE", on], "broker accepts"),
        (
            &open,
            &["SSLAUTH=NONE"],
            "bench: no TLS with broker.example:8883",
        ),
        (&open, &["SSLAUTH=PEER", &trusted, on], "broker accepts"),
        (
            &open,
            &["SSLAUTH=PEER", &wrong, on],
            "invalid peer certificate",
        ),
        (
            &open,
            &["SSLAUTH=PEER", "SSLCRT=0,none", on],
            "no PEM block in it",
        ),
        // Nobody checks: whoever answers is the broker.
        (&open, &["SSLAUTH=NONE", &wrong, on], "broker accepts"),
        (&open, &[on], "socket A down: TLS without its certificates"),
        (
            &open,
            &["SSLAUTH=NONE", "SSLVER=TLS10"],
            "`AT+SSLVER=TLS10` is not simulated",
        ),
        (
            &closed,
            &[&trusted, &certificate, &key, on],
            "broker accepts",
        ),
    ];
    // All at once: each takes the modem's ten seconds to start and to register.
    thread::scope(|scope| {
        for (host, settings, words) in cases {
            scope.spawn(move || {
                let settings = [&["SSLEN=ON"], settings].concat();
                let (modem, mut port) = Modem::with_pty(&arguments(host, &settings));
                expect(port.as_mut(), b"USR-DR154-E");
                modem.shows(words);
                if words == "broker accepts" {
                    port.write_all(b"hello").unwrap();
                    expect(port.as_mut(), b"hello");
                }
                modem.signal(Signal::SIGINT);
                assert_eq!(modem.ends().code(), Some(0));
            });
        }
    });
}
