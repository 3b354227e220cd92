//! How a broker is set up.

use std::fmt;
use std::time::Duration;

use super::hostile::Adversary;
use super::identity::ServerIdentity;
use super::meddling::Meddling;

/// A value that never shows itself in logs, errors or `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself. Whoever calls this keeps it out of every output.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

/// What the front speaks towards the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TlsMode {
    /// TLS 1.3 with the configured identity.
    #[default]
    Tls13,
    /// TLS 1.2 only, with the configured identity: a server too old for the device.
    Tls12,
    /// TLS 1.3 with key exchange by x25519 only, which the device does not have.
    OnlyX25519,
    /// TLS 1.3 with ChaCha20-Poly1305 only, which the device does not have.
    OnlyChaCha,
    /// No TLS at all: MQTT in plain, as brokers have it on port 1883.
    Plain,
    /// TLS 1.3 by a server that misbehaves.
    Hostile(Adversary),
}

/// Somebody who answers the first connections in place of the server.
#[derive(Debug, Clone)]
pub struct Impostor {
    /// How many connections.
    pub connections: usize,
    /// Certificate chain and key it presents.
    pub identity: ServerIdentity,
    /// What it speaks.
    pub tls: TlsMode,
}

/// When the front passes on what the broker sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pacing {
    /// MQTT packets for the device are held until the next `settle`, which releases them with
    /// acknowledgements first: the order does not depend on how threads were scheduled.
    #[default]
    Lockstep,
    /// Everything is passed on at once, for peers that live in wall time.
    Free,
}

/// How a [`Broker`](super::Broker) is set up.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// Certificate chain and key the front presents.
    pub identity: ServerIdentity,
    /// Who may connect. Empty: everybody.
    pub users: Vec<(String, Secret)>,
    /// What the front speaks towards the device.
    pub tls: TlsMode,
    /// Who takes the first connections in its place, if anybody does.
    pub impostor: Option<Impostor>,
    /// What happens to the packets for the device.
    pub meddling: Meddling,
    /// When the front passes on what the broker sends.
    pub pacing: Pacing,
    /// Port of the TLS front on 127.0.0.1; 0 lets the system choose.
    pub tls_port: u16,
    /// Port of `rumqttd` itself on 127.0.0.1; 0 lets the system choose.
    pub plain_port: u16,
    /// Largest MQTT packet (remaining length) the broker takes, in bytes.
    pub max_packet_size: usize,
    /// Wall time after which a world that does not come to rest is given up.
    pub settle_limit: Duration,
}

impl BrokerConfig {
    /// TLS 1.3, lockstep, ports chosen by the system, everybody may connect.
    pub fn new(identity: ServerIdentity) -> Self {
        Self {
            identity,
            users: Vec::new(),
            tls: TlsMode::default(),
            impostor: None,
            meddling: Meddling::default(),
            pacing: Pacing::default(),
            tls_port: 0,
            plain_port: 0,
            max_packet_size: 256 * 1024,
            settle_limit: Duration::from_secs(10),
        }
    }

    /// Lets `user` in with `password`; whoever is not listed is refused from now on.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.users.push((user.into(), password.into()));
        self
    }

    /// Chooses what the front speaks towards the device.
    #[must_use]
    pub fn tls(mut self, mode: TlsMode) -> Self {
        self.tls = mode;
        self
    }
}
