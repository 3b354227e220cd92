//! What `embedded-tls` asks its caller for: randomness, the verifier, the client's identity.

use embedded_tls::{Certificate, CryptoProvider, SignatureScheme, TlsError, TlsVerifier};
use p256::SecretKey;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use rand_core::CryptoRngCore;
use signature::SignerMut;

use super::error::Error;
use super::suite::Suite;
use super::verifier::Verifier;

/// Client certificate and key for mutual TLS.
pub struct Identity<'a> {
    certificate: &'a [u8],
    key: SigningKey,
}

impl core::fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl<'a> Identity<'a> {
    /// Takes a certificate and its P-256 key, both DER; the key as PKCS#8 or SEC 1.
    ///
    /// # Errors
    /// [`Error::BadClientKey`].
    pub fn new(certificate: &'a [u8], key: &[u8]) -> Result<Self, Error> {
        let key = SecretKey::from_pkcs8_der(key)
            .or_else(|_| SecretKey::from_sec1_der(key))
            .map_err(|_| Error::BadClientKey)?;
        Ok(Self {
            certificate,
            key: SigningKey::from(key),
        })
    }
}

pub(super) struct Provider<'p, 'a, R> {
    pub(super) rng: &'p mut R,
    pub(super) verifier: &'p mut Verifier<'a>,
    pub(super) identity: Option<&'p Identity<'a>>,
}

impl<R: CryptoRngCore> CryptoProvider for Provider<'_, '_, R> {
    type CipherSuite = Suite;
    type Signature = DerSignature;

    fn rng(&mut self) -> impl CryptoRngCore {
        &mut *self.rng
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Suite>, TlsError> {
        Ok(&mut *self.verifier)
    }

    fn signer(&mut self) -> Result<(impl SignerMut<DerSignature>, SignatureScheme), TlsError> {
        let identity = self.identity.ok_or(TlsError::InvalidPrivateKey)?;
        Ok((identity.key.clone(), SignatureScheme::EcdsaSecp256r1Sha256))
    }

    fn client_cert(&mut self) -> Option<Certificate<impl AsRef<[u8]>>> {
        self.identity
            .map(|identity| Certificate::X509(identity.certificate))
    }
}
