//! The one signature algorithm of this device: ECDSA on P-256 with SHA-256.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

/// ECDSA P-256 with SHA-256 on RustCrypto, in the form `webpki` takes.
#[derive(Debug)]
struct EcdsaP256Sha256;

/// What certificates may be signed with.
pub(super) const SUPPORTED: &[&dyn SignatureVerificationAlgorithm] = &[&EcdsaP256Sha256];

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
pub(super) fn verify(
    key: &VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
    key.verify(message, &signature)
        .map_err(|_| InvalidSignature)
}

/// The key in a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), given without its outer SEQUENCE.
/// `None` if it is no uncompressed P-256 point.
pub(super) fn p256_key(spki: &[u8]) -> Option<VerifyingKey> {
    // SEQUENCE of the algorithm identifier, then BIT STRING of 66 bytes without unused bits.
    let algorithm = alg_id::ECDSA_P256;
    let rest = spki.strip_prefix(&[0x30, u8::try_from(algorithm.as_ref().len()).ok()?])?;
    let rest = rest.strip_prefix(algorithm.as_ref())?;
    let point = rest.strip_prefix(&[0x03, 0x42, 0x00])?;
    VerifyingKey::from_sec1_bytes(point).ok()
}
