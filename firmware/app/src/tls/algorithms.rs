//! Keys and signatures that this device understands.
//!
//! ECDSA on P-256 with SHA-256 always. With the feature `public-ca` also what public authorities
//! use: in chains P-384 with SHA-384, and RSA with PKCS #1 v1.5; for the handshake itself RSA with
//! PSS, offered only where the authority of the settings has an RSA key.

use embedded_tls::SignatureScheme;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

/// ECDSA P-256 with SHA-256 on RustCrypto, in the form `webpki` takes.
#[derive(Debug)]
struct EcdsaP256Sha256;

/// What certificates may be signed with.
pub(super) const SUPPORTED: &[&dyn SignatureVerificationAlgorithm] = &[
    &EcdsaP256Sha256,
    #[cfg(feature = "public-ca")]
    &public::EcdsaP384Sha384,
    #[cfg(feature = "public-ca")]
    &public::RSA_SHA256,
    #[cfg(feature = "public-ca")]
    &public::RSA_SHA384,
];

/// Whether a SubjectPublicKeyInfo, without its outer SEQUENCE, is of an RSA key that can be used.
pub(super) fn is_rsa(spki: &[u8]) -> bool {
    #[cfg(feature = "public-ca")]
    let is_rsa = super::rsa::is_rsa(spki);
    #[cfg(not(feature = "public-ca"))]
    let is_rsa = {
        let _ = spki;
        false
    };
    is_rsa
}

/// The key of a server's certificate.
#[derive(Clone)]
pub struct ServerKey(Kind);

#[derive(Clone)]
#[cfg_attr(
    feature = "public-ca",
    expect(
        clippy::large_enum_variant,
        reason = "there is no heap to put the larger one on"
    )
)]
enum Kind {
    P256(VerifyingKey),
    #[cfg(feature = "public-ca")]
    Rsa(super::rsa::Key),
}

impl core::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self.0 {
            Kind::P256(_) => "ServerKey(P-256)",
            #[cfg(feature = "public-ca")]
            Kind::Rsa(_) => "ServerKey(RSA)",
        })
    }
}

impl From<VerifyingKey> for ServerKey {
    fn from(key: VerifyingKey) -> Self {
        Self(Kind::P256(key))
    }
}

impl ServerKey {
    /// The key in a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), given without its outer SEQUENCE.
    /// `rsa` says whether the server was told that it may use such a key. `None` for all others.
    pub(super) fn new(spki: &[u8], rsa: bool) -> Option<Self> {
        #[cfg(feature = "public-ca")]
        if rsa && is_rsa(spki) {
            return super::rsa::Key::from_spki(spki).map(|key| Self(Kind::Rsa(key)));
        }
        let _ = rsa;
        p256_key(spki).map(Self::from)
    }

    /// Checks a signature of a handshake; `None` if `scheme` does not fit the key.
    pub(super) fn verify(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> Option<Result<(), InvalidSignature>> {
        Some(match (&self.0, scheme) {
            (Kind::P256(key), SignatureScheme::EcdsaSecp256r1Sha256) => {
                verify(key, message, signature)
            }
            #[cfg(feature = "public-ca")]
            (Kind::Rsa(key), SignatureScheme::RsaPssRsaeSha256) => {
                key.verify_pss::<sha2::Sha256>(message, signature)
            }
            #[cfg(feature = "public-ca")]
            (Kind::Rsa(key), SignatureScheme::RsaPssRsaeSha384) => {
                key.verify_pss::<sha2::Sha384>(message, signature)
            }
            #[cfg(feature = "public-ca")]
            (Kind::Rsa(key), SignatureScheme::RsaPssRsaeSha512) => {
                key.verify_pss::<sha2::Sha512>(message, signature)
            }
            _ => return None,
        })
    }
}

impl SignatureVerificationAlgorithm for EcdsaP256Sha256 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        verify(&key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// Checks `signature` (DER) over the SHA-256 of `message`.
fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
    let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
    key.verify(message, &signature)
        .map_err(|_| InvalidSignature)
}

/// The key in a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), given without its outer SEQUENCE.
/// `None` if it is no uncompressed P-256 point.
fn p256_key(spki: &[u8]) -> Option<VerifyingKey> {
    // SEQUENCE of the algorithm identifier, then BIT STRING of 66 bytes without unused bits.
    let algorithm = alg_id::ECDSA_P256;
    let rest = spki.strip_prefix(&[0x30, u8::try_from(algorithm.as_ref().len()).ok()?])?;
    let rest = rest.strip_prefix(algorithm.as_ref())?;
    let point = rest.strip_prefix(&[0x03, 0x42, 0x00])?;
    VerifyingKey::from_sec1_bytes(point).ok()
}

/// What public authorities sign with.
#[cfg(feature = "public-ca")]
mod public {
    use core::marker::PhantomData;

    use p384::ecdsa::signature::Verifier as _;
    use p384::ecdsa::{Signature, VerifyingKey};
    use rustls_pki_types::{
        AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
    };
    use sha2::{Sha256, Sha384};

    use crate::tls::rsa::{Hash, Key};

    /// ECDSA P-384 with SHA-384.
    #[derive(Debug)]
    pub(super) struct EcdsaP384Sha384;

    impl SignatureVerificationAlgorithm for EcdsaP384Sha384 {
        fn verify_signature(
            &self,
            public_key: &[u8],
            message: &[u8],
            signature: &[u8],
        ) -> Result<(), InvalidSignature> {
            let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
            let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
            key.verify(message, &signature)
                .map_err(|_| InvalidSignature)
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::ECDSA_P384
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::ECDSA_SHA384
        }
    }

    /// RSA with PKCS #1 v1.5.
    pub(super) struct Rsa<H> {
        signature: AlgorithmIdentifier,
        hash: PhantomData<fn() -> H>,
    }

    pub(super) const RSA_SHA256: Rsa<Sha256> = Rsa {
        signature: alg_id::RSA_PKCS1_SHA256,
        hash: PhantomData,
    };

    pub(super) const RSA_SHA384: Rsa<Sha384> = Rsa {
        signature: alg_id::RSA_PKCS1_SHA384,
        hash: PhantomData,
    };

    impl<H> core::fmt::Debug for Rsa<H> {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("Rsa")
        }
    }

    impl<H: Hash> SignatureVerificationAlgorithm for Rsa<H> {
        fn verify_signature(
            &self,
            public_key: &[u8],
            message: &[u8],
            signature: &[u8],
        ) -> Result<(), InvalidSignature> {
            let key = Key::new(public_key).ok_or(InvalidSignature)?;
            key.verify_pkcs1::<H>(message, signature)
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            alg_id::RSA_ENCRYPTION
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            self.signature
        }
    }
}
