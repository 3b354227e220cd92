//! A server no honest library would be.
//!
//! It speaks TLS 1.3 by itself, so that any step of the handshake may be wrong in a way of the
//! caller's choice ([`Adversary`]): a client must refuse it, or get along, and must never entrust
//! anything to one that did not prove its identity. The server keeps only counts of what such a
//! client says: how much application data came, and whether it began like MQTT.

mod adversary;
mod flight;
mod key_schedule;
mod messages;
mod record;
mod server;

pub use adversary::Adversary;
pub(super) use flight::Credentials;
pub(super) use server::HostileServer;
