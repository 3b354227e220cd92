//! What the TLS front presents to the device.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig, ServerSessionMemoryCache};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::config::TlsMode;
use super::error::BrokerError;
use super::hostile::{Adversary, Credentials, HostileServer};
use super::plain::PlainServer;
use super::signing::FixedLengthServerKey;
use super::tls::{RustlsServer, TlsServer};

/// Tickets after each handshake: rustls's default, written down because it shows on the wire.
const SESSION_TICKETS: usize = 2;

/// A certificate chain with the key of its first certificate.
#[derive(Clone)]
pub struct ServerIdentity {
    /// Leaf first, as sent.
    chain: Vec<CertificateDer<'static>>,
    /// PKCS #8.
    key: Arc<PrivatePkcs8KeyDer<'static>>,
    /// Length of a CertificateVerify signature, bytes.
    signature_length: usize,
    /// Shown only to clients that name the host they want.
    needs_server_name: bool,
}

impl ServerIdentity {
    pub(super) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivatePkcs8KeyDer<'static>,
        signature_length: usize,
    ) -> Self {
        Self {
            chain,
            key: Arc::new(key),
            signature_length,
            needs_server_name: false,
        }
    }

    /// The same with another leaf certificate; the key stays.
    pub(super) fn altered(mut self, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        if let Some(leaf) = self.chain.first_mut() {
            let mut der = leaf.to_vec();
            change(&mut der);
            *leaf = CertificateDer::from(der);
        }
        self
    }

    /// Serves many hosts under one address, as public brokers do: a client that does not say in its
    /// ClientHello which one it wants (SNI, RFC 6066, 3) is turned away.
    #[must_use]
    pub fn needing_server_name(mut self) -> Self {
        self.needs_server_name = true;
        self
    }

    /// The certificates in DER as sent, leaf first.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.chain.iter().map(AsRef::as_ref)
    }

    /// What serves this identity as `mode` says.
    pub(super) fn presence(&self, mode: TlsMode) -> Result<Presence, BrokerError> {
        let refused = |error: rustls::Error| BrokerError::Identity(error.to_string());
        let mut provider = ring::default_provider();
        match mode {
            TlsMode::OnlyX25519 => provider.kx_groups = vec![ring::kx_group::X25519],
            TlsMode::OnlyChaCha => {
                provider.cipher_suites = vec![ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256];
            }
            TlsMode::Plain => return Ok(Presence::Plain),
            TlsMode::Tls12 | TlsMode::Tls13 | TlsMode::Hostile(_) => {}
        }
        let provider = Arc::new(provider);
        let private = PrivateKeyDer::Pkcs8(self.key.clone_key());
        let key = provider
            .key_provider
            .load_private_key(private)
            .map_err(refused)?;
        let key = Arc::new(FixedLengthServerKey::new(key, self.signature_length));
        if let TlsMode::Hostile(adversary) = mode {
            let chain = self.chain.clone();
            return Ok(Presence::Hostile(
                adversary,
                Arc::new(Credentials { chain, key }),
            ));
        }
        let certified = CertifiedKey::new(self.chain.clone(), key);
        let version = match mode {
            TlsMode::Tls12 => &rustls::version::TLS12,
            _ => &rustls::version::TLS13,
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .map_err(refused)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Shown {
                identity: SingleCertAndKey::from(certified),
                needs_server_name: self.needs_server_name,
            }));
        // Stateful tickets are 32 random bytes each; encrypted ones would carry the server name.
        config.session_storage = ServerSessionMemoryCache::new(64);
        config.send_tls13_tickets = SESSION_TICKETS;
        config.max_tls13_tickets = SESSION_TICKETS;
        Ok(Presence::Rustls(Arc::new(config)))
    }
}

/// Makes the TLS side of each new connection.
pub(super) enum Presence {
    /// By the book.
    Rustls(Arc<ServerConfig>),
    /// Without TLS.
    Plain,
    /// Not so.
    Hostile(Adversary, Arc<Credentials>),
}

impl Presence {
    /// The server side of one connection.
    pub(super) fn server(&self) -> Box<dyn TlsServer> {
        match self {
            Self::Rustls(config) => Box::new(RustlsServer::new(config.clone())),
            Self::Plain => Box::new(PlainServer::default()),
            Self::Hostile(adversary, credentials) => {
                Box::new(HostileServer::new(*adversary, credentials.clone()))
            }
        }
    }
}

/// The one identity, for whoever may see it.
#[derive(Debug)]
struct Shown {
    identity: SingleCertAndKey,
    needs_server_name: bool,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().is_some();
        (named || !self.needs_server_name).then(|| self.identity.resolve(hello))?
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<usize> = self.chain().map(<[u8]>::len).collect();
        f.debug_struct("ServerIdentity")
            .field("chain_der_lengths", &lengths)
            .finish_non_exhaustive()
    }
}
