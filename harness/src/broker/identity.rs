//! What the TLS front presents to the device.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ServerConfig, ServerSessionMemoryCache};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::config::TlsMode;
use super::error::BrokerError;
use super::signing::FixedLengthServerKey;

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
        }
    }

    /// The certificates in DER as sent, leaf first.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.chain.iter().map(AsRef::as_ref)
    }

    /// Everything rustls needs to serve this identity.
    pub(super) fn server_config(&self, mode: TlsMode) -> Result<Arc<ServerConfig>, BrokerError> {
        let refused = |error: rustls::Error| BrokerError::Identity(error.to_string());
        let provider = Arc::new(ring::default_provider());
        let private = PrivateKeyDer::Pkcs8(self.key.clone_key());
        let key = provider
            .key_provider
            .load_private_key(private)
            .map_err(refused)?;
        let key = FixedLengthServerKey::new(key, self.signature_length);
        let certified = CertifiedKey::new(self.chain.clone(), Arc::new(key));
        let version = match mode {
            TlsMode::Tls12 => &rustls::version::TLS12,
            TlsMode::Tls13 | TlsMode::NoCertificate => &rustls::version::TLS13,
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .map_err(refused)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        // Stateful tickets are 32 random bytes each; encrypted ones would carry the server name.
        config.session_storage = ServerSessionMemoryCache::new(64);
        config.send_tls13_tickets = SESSION_TICKETS;
        config.max_tls13_tickets = SESSION_TICKETS;
        Ok(Arc::new(config))
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
