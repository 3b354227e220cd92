//! A device as the broker sees it: rustls and the MQTT codec over a plain socket, moved on by
//! `settle` alone. It never waits for bytes: what `settle` reports must be there, and nothing else.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

use bytes::BytesMut;
use harness::broker::{Broker, CertificateKind, CloseKind, Pki, Settled};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Connect, ConnectProperties, Filter, LastWill, Login, Packet, PubAck, Publish, Subscribe,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

pub(crate) const HOST: &str = "broker.example.net";
pub(crate) const USER: &str = "dev1";
pub(crate) const PASSWORD: &str = "correct horse";

/// TLS 1.3 with the one suite and group of the firmware, and only `pki`'s CA.
pub(crate) fn client_config(pki: &Pki) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(
            pki.ca_der(CertificateKind::Valid).unwrap(),
        ))
        .unwrap();
    let provider = rustls::crypto::CryptoProvider {
        cipher_suites: vec![ring::cipher_suite::TLS13_AES_128_GCM_SHA256],
        kx_groups: vec![ring::kx_group::SECP256R1],
        ..ring::default_provider()
    };
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

pub(crate) struct Device {
    socket: TcpStream,
    pub(crate) peer: SocketAddr,
    tls: ClientConnection,
    pub(crate) sent: u64,
    pub(crate) read: u64,
    plaintext: BytesMut,
    /// Lengths of the records received, headers included.
    pub(crate) records: Vec<usize>,
    record_bytes: Vec<u8>,
    pub(crate) closed: Option<CloseKind>,
    pub(crate) tls_error: Option<rustls::Error>,
}

impl Device {
    pub(crate) fn dial(broker: &Broker, pki: &Pki) -> Self {
        let socket = TcpStream::connect(broker.tls_addr()).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_nonblocking(true).unwrap();
        let name = ServerName::try_from(HOST).unwrap();
        let mut tls = ClientConnection::new(client_config(pki), name).unwrap();
        tls.set_buffer_limit(None);
        let peer = socket.local_addr().unwrap();
        Self {
            socket,
            peer,
            tls,
            sent: 0,
            read: 0,
            plaintext: BytesMut::new(),
            records: Vec::new(),
            record_bytes: Vec::new(),
            closed: None,
            tls_error: None,
        }
    }

    /// Dials and completes the handshake.
    pub(crate) fn open(broker: &Broker, pki: &Pki) -> Self {
        let mut device = Self::dial(broker, pki);
        device.exchange(broker);
        assert_eq!(device.tls_error, None);
        assert!(!device.tls.is_handshaking());
        device
    }

    /// Dials, completes the handshake and sends CONNECT; success is up to the caller.
    pub(crate) fn connect(broker: &Broker, pki: &Pki, client_id: &str) -> Self {
        let mut device = Self::open(broker, pki);
        let connack = device.ask(broker, &[connect(client_id, PASSWORD, None)]);
        assert!(matches!(connack[..], [Packet::ConnAck(_)]), "{connack:?}");
        device
    }

    /// Writes bytes to the socket, TLS or not.
    pub(crate) fn write_raw(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
        self.sent += bytes.len() as u64;
    }

    /// Sends what TLS wants to send, settles, and reads the answer, until nothing is to be sent.
    pub(crate) fn exchange(&mut self, broker: &Broker) {
        loop {
            let mut out = Vec::new();
            while self.tls.wants_write() {
                self.tls.write_tls(&mut out).unwrap();
            }
            self.write_raw(&out);
            let settled = broker.settle(self.peer, self.sent).unwrap();
            self.receive(settled);
            if !self.tls.wants_write() || self.closed.is_some() {
                return;
            }
        }
    }

    /// Reads what was reported, and checks that there is not a byte more.
    pub(crate) fn receive(&mut self, settled: Settled) {
        let mut bytes = vec![0; (settled.written - self.read) as usize];
        // Nothing to wait for: a byte that is not there is an error (WouldBlock).
        self.socket.read_exact(&mut bytes).unwrap();
        self.read = settled.written;
        self.closed = settled.closed;
        match (self.socket.read(&mut [0]), settled.closed) {
            (Ok(0), Some(_)) => {}
            (Err(error), None) if error.kind() == ErrorKind::WouldBlock => {}
            (other, closed) => panic!("after settling: {other:?}, reported closed: {closed:?}"),
        }
        self.note_records(&bytes);
        let mut rest = &bytes[..];
        while !rest.is_empty() && self.tls_error.is_none() {
            self.tls.read_tls(&mut rest).unwrap();
            match self.tls.process_new_packets() {
                Ok(_) => {
                    let mut buffer = Vec::new();
                    match self.tls.reader().read_to_end(&mut buffer) {
                        Ok(_) => {}
                        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                    }
                    self.plaintext.extend_from_slice(&buffer);
                }
                Err(error) => self.tls_error = Some(error),
            }
        }
    }

    fn note_records(&mut self, bytes: &[u8]) {
        self.record_bytes.extend(bytes);
        while let [_, _, _, high, low, ..] = self.record_bytes[..] {
            let length = 5 + usize::from(u16::from_be_bytes([high, low]));
            if self.record_bytes.len() < length {
                break;
            }
            self.record_bytes.drain(..length);
            self.records.push(length);
        }
    }

    /// Sends packets in one go, settles, and gives what came back.
    pub(crate) fn ask(&mut self, broker: &Broker, packets: &[Packet]) -> Vec<Packet> {
        for packet in packets {
            self.tls.writer().write_all(&encode(packet)).unwrap();
        }
        self.exchange(broker);
        self.packets()
    }

    /// Sends application data as it is, settles, and gives what came back.
    pub(crate) fn ask_raw(&mut self, broker: &Broker, data: &[u8]) -> Vec<Packet> {
        self.tls.writer().write_all(data).unwrap();
        self.exchange(broker);
        self.packets()
    }

    /// What came unasked, after `settle_all`.
    pub(crate) fn unasked(&mut self, broker: &Broker) -> Vec<Packet> {
        let all = broker.settle_all().unwrap();
        if let Some((_, settled)) = all.into_iter().find(|(peer, _)| *peer == self.peer) {
            self.receive(settled);
        }
        self.packets()
    }

    /// Packets received and not yet given out.
    pub(crate) fn packets(&mut self) -> Vec<Packet> {
        let mut packets = Vec::new();
        while let Ok(packet) = Packet::read(&mut self.plaintext, None) {
            packets.push(packet);
        }
        packets
    }

    pub(crate) fn close_notify(&mut self, broker: &Broker) {
        self.tls.send_close_notify();
        self.exchange(broker);
    }

    /// Ends the TCP connection without a word.
    pub(crate) fn vanish(self, broker: &Broker) -> Settled {
        self.socket.shutdown(Shutdown::Both).unwrap();
        let peer = self.peer;
        drop(self);
        broker.settle_closed(peer).unwrap()
    }
}

pub(crate) fn encode(packet: &Packet) -> Vec<u8> {
    let mut buffer = BytesMut::new();
    packet.write(&mut buffer, None).unwrap();
    buffer.to_vec()
}

pub(crate) fn connect(client_id: &str, password: &str, will: Option<LastWill>) -> Packet {
    let connect = Connect {
        keep_alive: 60,
        client_id: client_id.to_owned(),
        clean_start: true,
        properties: Some(ConnectProperties::new()),
    };
    let login = Login {
        username: USER.to_owned(),
        password: password.to_owned(),
    };
    Packet::Connect(connect, will, Some(login))
}

pub(crate) fn subscribe(pkid: u16, filter: &str, qos: QoS) -> Packet {
    Packet::Subscribe(Subscribe {
        pkid,
        ..Subscribe::new(Filter::new(filter, qos), None)
    })
}

pub(crate) fn publish(pkid: u16, topic: &str, qos: QoS, payload: &[u8]) -> Packet {
    Packet::Publish(Publish {
        pkid,
        ..Publish::new(topic, qos, payload.to_vec(), None)
    })
}

pub(crate) fn puback(pkid: u16) -> Packet {
    Packet::PubAck(PubAck::new(pkid, None))
}
