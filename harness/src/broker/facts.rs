//! What the broker's side knows for certain about each connection and message.

use std::net::SocketAddr;

pub use rumqttc::v5::mqttbytes::QoS;
pub use rumqttc::v5::mqttbytes::v5::PublishProperties;
use serde::Serialize;

/// Facts of one TCP connection to the TLS front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionFacts {
    /// The client end, as the front's socket sees it.
    pub peer: SocketAddr,
    /// The TLS part.
    pub tls: TlsFacts,
    /// Client identifier of the CONNECT packet.
    pub client_id: Option<String>,
    /// What became of the CONNECT packet.
    pub auth: AuthOutcome,
    /// Every MQTT packet in the order in which the front passed it on.
    pub packets: Vec<PacketFact>,
    /// Set when the device sent plaintext that is not MQTT 5, with what is wrong.
    pub not_mqtt: Option<String>,
    /// Bytes the device sent on the TCP connection.
    pub bytes_in: u64,
    /// Bytes the front sent on the TCP connection.
    pub bytes_out: u64,
    /// Who ended it, `None` while it is open.
    pub closed_by: Option<ClosedBy>,
}

impl ConnectionFacts {
    pub(super) fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            tls: TlsFacts::default(),
            client_id: None,
            auth: AuthOutcome::NotAttempted,
            packets: Vec::new(),
            not_mqtt: None,
            bytes_in: 0,
            bytes_out: 0,
            closed_by: None,
        }
    }
}

/// Facts of the TLS layer of one connection. Names are those of the IANA registries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TlsFacts {
    /// Server name indication of the ClientHello.
    pub sni: Option<String>,
    /// Negotiated version, for example `TLSv1_3`.
    pub version: Option<String>,
    /// Negotiated cipher suite, for example `TLS13_AES_128_GCM_SHA256`.
    pub suite: Option<String>,
    /// Negotiated key-exchange group, for example `secp256r1`.
    pub group: Option<String>,
    /// The device's Finished was received and verified.
    pub handshake_complete: bool,
    /// Why the server side gave up, in its library's words.
    pub error: Option<String>,
    /// Alert the front sent, for example `HandshakeFailure`; `encrypted` if it cannot be read.
    pub alert_sent: Option<String>,
    /// Alert the device sent, for example `CertificateExpired`.
    pub alert_received: Option<String>,
    /// Bytes of application data the device sent, decrypted.
    pub application_bytes: u64,
    /// The device's application data began like MQTT (a CONNECT packet). With a server that
    /// showed no certificate this must never happen.
    pub mqtt_seen: bool,
}

/// What became of a CONNECT packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum AuthOutcome {
    /// None was sent.
    NotAttempted,
    /// The broker has not answered yet.
    Pending,
    /// CONNACK with success.
    Accepted,
    /// The user name or password was wrong, or missing.
    BadLogin {
        /// User name that was tried, `None` if none was sent. Passwords are never kept.
        user: Option<String>,
    },
    /// Refused for another reason: the CONNACK reason code, or `None` if it was just closed
    /// (keep-alive of zero, malformed packet).
    Refused {
        /// MQTT 5 reason code in the crate's wording.
        reason: Option<String>,
    },
}

/// One MQTT packet that crossed the front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PacketFact {
    /// Which way.
    pub direction: Direction,
    /// Packet type.
    pub kind: PacketKind,
    /// Packet identifier, for the types that have one.
    pub packet_id: Option<u16>,
    /// Bytes, fixed header included.
    pub size: usize,
    /// Topic of a PUBLISH, aliases resolved.
    pub topic: Option<String>,
    /// How it begins on the wire, [`PACKET_HEAD`] bytes at most. Empty for the packets that carry
    /// passwords, CONNECT and AUTH.
    #[serde(skip)]
    pub head: Vec<u8>,
}

/// Bytes that are kept of each packet.
pub const PACKET_HEAD: usize = 4096;

/// How far one connection has come, for those who want to know when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectionProgress {
    /// Length of [`ConnectionFacts::packets`].
    pub packets: usize,
    /// [`TlsFacts::handshake_complete`].
    pub handshake_complete: bool,
    /// An alert went one way or the other.
    pub alert: bool,
    /// It has ended.
    pub closed: bool,
}

impl From<&ConnectionFacts> for ConnectionProgress {
    fn from(facts: &ConnectionFacts) -> Self {
        let tls = &facts.tls;
        Self {
            packets: facts.packets.len(),
            handshake_complete: tls.handshake_complete,
            alert: tls.alert_sent.is_some() || tls.alert_received.is_some(),
            closed: facts.closed_by.is_some(),
        }
    }
}

/// Which way a packet went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the device to the broker.
    FromDevice,
    /// From the broker to the device.
    ToDevice,
}

/// MQTT control packet types (MQTT 5, table 2-1), by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum PacketKind {
    Reserved,
    Connect,
    ConnAck,
    Publish,
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    Subscribe,
    SubAck,
    Unsubscribe,
    UnsubAck,
    PingReq,
    PingResp,
    Disconnect,
    Auth,
}

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// The device (or whoever carries its bytes) closed or reset it.
    Device,
    /// The MQTT broker closed it.
    Broker,
    /// TLS failed; the front closed it.
    Tls,
    /// The harness stopped the broker.
    Stop,
}

/// A message as the broker delivered it to a subscriber of `#`.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Topic as delivered.
    pub topic: String,
    /// Payload as delivered.
    pub payload: Vec<u8>,
    /// MQTT 5 properties as delivered.
    pub properties: Option<PublishProperties>,
    /// How it was published. `rumqttd` delivers every message with the subscription's QoS and
    /// without the retain flag, so these come from what the front saw go in. `None` if the front
    /// did not see it.
    pub published: Option<Published>,
}

/// How a message was handed to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// By whom.
    pub publisher: Publisher,
    /// Quality of service of the PUBLISH packet (or of the will).
    pub qos: QoS,
    /// Its retain flag.
    pub retain: bool,
    /// Its DUP flag: a repetition of one that was not acknowledged.
    pub dup: bool,
}

/// Who published a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publisher {
    /// A device, by its client identifier.
    Device(String),
    /// The broker, on behalf of a device that vanished.
    Will(String),
    /// The harness itself.
    Harness,
}

/// State of one connection after everything handed to the front had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Bytes the front has written on the connection since it was opened.
    pub written: u64,
    /// How the front ended its sending side, if it did.
    pub closed: Option<CloseKind>,
}

/// How a TCP connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseKind {
    /// In order, after the last byte.
    Fin,
    /// Abruptly.
    Reset,
}
