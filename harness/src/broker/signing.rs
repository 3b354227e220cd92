//! ECDSA keys whose signatures always have the same length.
//!
//! A DER signature holds two integers, each one byte longer when its top bit is set, so its
//! length varies from one signature to the next (P-256: 70 to 72 bytes). Lengths on the wire take
//! line time on the UART and would make two runs of one scenario differ. Signing again until the
//! usual length comes out costs two attempts on average.

use std::sync::Arc;

use rcgen::{KeyPair, PublicKeyData};
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};

/// Attempts before giving up; each succeeds with a probability of about one half.
const ATTEMPTS: usize = 256;

/// Length in bytes of a DER signature in which exactly one of the two integers has its top bit
/// set and neither is short: the most frequent length.
const fn usual_length(coordinate: usize) -> usize {
    let integers = 2 + (coordinate + 1) + 2 + coordinate;
    let header = if integers < 0x80 { 2 } else { 3 };
    header + integers
}

/// P-256: 32-byte coordinates, 71 bytes.
pub(super) const P256_SIGNATURE: usize = usual_length(32);
/// P-384: 48-byte coordinates, 103 bytes.
pub(super) const P384_SIGNATURE: usize = usual_length(48);

/// A certificate-signing key, P-256 or P-384, with signatures of one length.
#[derive(Debug)]
pub(super) struct FixedLengthIssuerKey(pub(super) KeyPair);

impl PublicKeyData for FixedLengthIssuerKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl rcgen::SigningKey for FixedLengthIssuerKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let length = match self.0.is_compatible(&rcgen::PKCS_ECDSA_P384_SHA384) {
            true => P384_SIGNATURE,
            false => P256_SIGNATURE,
        };
        for _ in 0..ATTEMPTS {
            let signature = rcgen::SigningKey::sign(&self.0, message)?;
            if signature.len() == length {
                return Ok(signature);
            }
        }
        Err(rcgen::Error::RemoteKeyError)
    }
}

/// A TLS server key with CertificateVerify signatures of one length.
#[derive(Debug)]
pub(super) struct FixedLengthServerKey {
    inner: Arc<dyn SigningKey>,
    length: usize,
}

impl FixedLengthServerKey {
    /// Wraps `inner`, whose signatures shall be `length` bytes of DER.
    pub(super) fn new(inner: Arc<dyn SigningKey>, length: usize) -> Self {
        Self { inner, length }
    }
}

impl SigningKey for FixedLengthServerKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let inner = self.inner.choose_scheme(offered)?;
        Some(Box::new(FixedLengthSigner {
            inner,
            length: self.length,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.inner.algorithm()
    }
}

#[derive(Debug)]
struct FixedLengthSigner {
    inner: Box<dyn Signer>,
    length: usize,
}

impl Signer for FixedLengthSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        for _ in 0..ATTEMPTS {
            let signature = self.inner.sign(message)?;
            if signature.len() == self.length {
                return Ok(signature);
            }
        }
        Err(rustls::Error::General(format!(
            "no signature of {} bytes in {ATTEMPTS} attempts",
            self.length
        )))
    }

    fn scheme(&self) -> SignatureScheme {
        self.inner.scheme()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_lengths_are_those_of_the_curves() {
        assert_eq!(P256_SIGNATURE, 71);
        assert_eq!(P384_SIGNATURE, 103);
    }

    #[test]
    fn every_signature_has_the_same_length() {
        let key = FixedLengthIssuerKey(KeyPair::generate().unwrap());
        for message in 0..50_u8 {
            let signature = rcgen::SigningKey::sign(&key, &[message]).unwrap();
            assert_eq!(signature.len(), P256_SIGNATURE);
        }
    }
}
