//! TLS 1.3 to the broker, with a chain that is really verified.
//!
//! `embedded-tls` does the protocol; everything that decides about trust is ours:
//! * `verifier` checks chain, time, usage and name on `webpki`, with reasons a person can read.
//! * `connection` refuses a server that never proved to own a certificate (the guard), before
//!   the first application byte.
//! * `algorithms` holds the signatures it may be made of; `rsa` those of public authorities.
//! * `hello` checks that the server chose what was offered, and says so if it did not.
//! * `suite` looks at what was decrypted and keeps out handshake messages after the handshake.
//! * `wire` stands between `embedded-tls` and the transport: it makes reads and writes safe to
//!   cancel and keeps out records that `embedded-tls` answers with a panic.

mod algorithms;
mod connection;
mod error;
mod hello;
mod provider;
#[cfg(feature = "public-ca")]
mod rsa;
#[cfg(all(test, feature = "public-ca"))]
mod rsa_tests;
mod suite;
mod verifier;
mod wire;

pub use algorithms::ServerKey;
pub use connection::{Buffers, Client, HANDSHAKE_TIMEOUT, Stream, open};
pub use error::{Error, Refusal};
pub use hello::HelloFault;
pub use provider::Identity;
pub use verifier::{Trust, verify_chain};
pub use wire::{Fault, Wire};
