//! A real MQTT broker for one scenario: `rumqttd` behind a TLS front of ours, on the loopback.
//!
//! ```text
//!  device's TCP --> TLS front (rustls, facts, settle gate) --> rumqttd <-- monitor (`#`)
//! ```
//!
//! [`Broker`] is used from a plain thread. After bytes were written to the front,
//! [`Broker::settle`] waits until they had all their effects, inside and on the wire, and says how
//! many bytes have come back: a world in virtual time then knows that nothing else will come.

mod config;
mod connection;
mod error;
mod facts;
mod front;
mod gate;
mod hostile;
mod identity;
mod ledger;
mod meddling;
mod monitor;
mod mqtt_tap;
mod net;
mod pki;
mod plain;
mod public_chain;
mod rsa_keys;
mod rumqttd_process;
mod server;
mod signing;
mod state;
mod tls;
mod topic;

pub use config::{BrokerConfig, Impostor, Pacing, Secret, TlsMode};
pub use error::BrokerError;
pub use facts::{
    AuthOutcome, CloseKind, ClosedBy, ConnectionFacts, ConnectionProgress, Direction, Message,
    PACKET_HEAD, PacketFact, PacketKind, PublishProperties, Published, Publisher, QoS, Settled,
    TlsFacts,
};
pub use hostile::Adversary;
pub use identity::ServerIdentity;
pub use meddling::{Meddling, Rule};
pub use pki::{CertificateKind, OTHER_HOST, Pki};
pub use public_chain::PublicChain;
pub use server::Broker;
pub use topic::topic_matches;
