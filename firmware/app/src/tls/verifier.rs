//! Decides whether the server is the one of the settings.

use embedded_tls::alert::AlertLevel;
use embedded_tls::{
    CertificateEntryRef, CertificateRef, CertificateVerifyRef, TlsError, TlsVerifier,
};
use heapless::Vec;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::algorithms::{self, ServerKey};
use super::error::{Error, Refusal};
use super::suite::Suite;
use crate::clock::{Rfc3339, Time};

/// Certificates in one chain, as many as `embedded-tls` keeps.
const MAX_CHAIN: usize = 16;

/// Validity begins that are tried when only a lower bound of the time is known: one for each
/// certificate of a chain as deep as `webpki` follows.
const MAX_BEGINS: usize = 8;

/// Whom to trust, and what time it is.
#[derive(Debug, Clone)]
pub struct Trust<'a> {
    ca: CertificateDer<'a>,
    name: ServerName<'a>,
    time: Time,
    /// The authority has an RSA key, so a server below it may have one too.
    rsa: bool,
}

impl<'a> Trust<'a> {
    /// Trusts the servers named `name` whose chain leads to `ca` (DER) at `time`.
    ///
    /// # Errors
    /// [`Error::BadCa`], [`Error::BadServerName`]: the settings cannot be used.
    pub fn new(ca: &'a [u8], name: &'a str, time: Time) -> Result<Self, Error> {
        let ca = CertificateDer::from(ca);
        let anchor = anchor_from_trusted_cert(&ca).map_err(|_| Error::BadCa)?;
        let rsa = algorithms::is_rsa(&anchor.subject_public_key_info);
        let name = ServerName::try_from(name).map_err(|_| Error::BadServerName)?;
        Ok(Self {
            ca,
            name,
            time,
            rsa,
        })
    }

    /// Whether the server may sign with RSA. Only an authority with such a key certifies servers
    /// with one, and all others need not hear of it.
    pub(super) fn takes_rsa(&self) -> bool {
        self.rsa
    }
}

/// Verifies `chain`, the server's certificate first: signatures up to the CA, validity, basic
/// constraints, extended key usage, name. Returns the server's key.
///
/// While only a lower bound of the time is known, "not yet valid" proves nothing (the certificate
/// may be younger than the firmware), so the chain is accepted if it is valid at any instant from
/// that bound on. "Expired" is certain with a lower bound too.
///
/// # Errors
/// The first reason against the server, the most specific one where several chains were tried.
pub fn verify_chain(trust: &Trust<'_>, chain: &[CertificateDer<'_>]) -> Result<ServerKey, Refusal> {
    let (leaf, intermediates) = chain.split_first().ok_or(Refusal::NoCertificate)?;
    let server = EndEntityCert::try_from(leaf).map_err(refusal)?;
    match trust.time {
        Time::Now(now) => verify_at(trust, &server, intermediates, now)?,
        Time::AtLeast(mut now) => {
            let mut begins = 0;
            loop {
                match verify_at(trust, &server, intermediates, now) {
                    Err(Refusal::CertNotYetValid { not_before, .. }) if begins < MAX_BEGINS => {
                        now = not_before.unix();
                        begins += 1;
                    }
                    result => break result?,
                }
            }
        }
    }
    server
        .verify_is_valid_for_subject_name(&trust.name)
        .map_err(refusal)?;
    // Not to trust it: `webpki` without an allocator shows the key of a certificate only so.
    let leaf = anchor_from_trusted_cert(leaf).map_err(refusal)?;
    ServerKey::new(&leaf.subject_public_key_info, trust.rsa).ok_or(Refusal::UnsupportedAlgorithm)
}

fn verify_at(
    trust: &Trust<'_>,
    server: &EndEntityCert<'_>,
    intermediates: &[CertificateDer<'_>],
    now: u64,
) -> Result<(), Refusal> {
    let anchor = anchor_from_trusted_cert(&trust.ca).map_err(refusal)?;
    let time = UnixTime::since_unix_epoch(core::time::Duration::from_secs(now));
    server
        .verify_for_usage(
            algorithms::SUPPORTED,
            &[anchor],
            intermediates,
            time,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map(drop)
        .map_err(refusal)
}

fn refusal(error: webpki::Error) -> Refusal {
    use webpki::Error as E;
    match error {
        E::UnknownIssuer => Refusal::UnknownIssuer,
        E::CertExpired { time, not_after } => Refusal::CertExpired {
            not_after: Rfc3339::from_unix(not_after.as_secs()),
            now: Rfc3339::from_unix(time.as_secs()),
        },
        E::CertNotValidYet { time, not_before } => Refusal::CertNotYetValid {
            not_before: Rfc3339::from_unix(not_before.as_secs()),
            now: Rfc3339::from_unix(time.as_secs()),
        },
        E::CertNotValidForName(_) => Refusal::NameMismatch,
        E::EndEntityUsedAsCa => Refusal::EndEntityUsedAsCa,
        E::CaUsedAsEndEntity => Refusal::CaUsedAsEndEntity,
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => Refusal::WrongKeyUsage,
        E::InvalidSignatureForPublicKey => Refusal::BadSignature,
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | E::SignatureAlgorithmMismatch => Refusal::UnsupportedAlgorithm,
        E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumNameConstraintComparisonsExceeded => Refusal::ChainTooLong,
        E::NameConstraintViolation | E::PathLenConstraintViolated => Refusal::ConstraintViolated,
        _ => Refusal::Malformed,
    }
}

/// Verifier of one handshake. It remembers what it saw, because `embedded-tls` 0.19 completes a
/// handshake in which it was never asked.
pub(super) struct Verifier<'a> {
    trust: Trust<'a>,
    /// Transcript up to the certificate, and the certificate's key.
    shown: Option<(Sha256, ServerKey)>,
    proven: bool,
    refusal: Option<Refusal>,
}

impl<'a> Verifier<'a> {
    pub(super) fn new(trust: Trust<'a>) -> Self {
        Self {
            trust,
            shown: None,
            proven: false,
            refusal: None,
        }
    }

    /// Why this handshake must not be used, `None` if the server proved who it is. To be asked
    /// when the handshake is over and before the first application byte.
    pub(super) fn verdict(&self) -> Option<Refusal> {
        match (self.refusal, self.proven) {
            (Some(refusal), _) => Some(refusal),
            (None, false) => Some(Refusal::NoCertificate),
            (None, true) => None,
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> TlsError {
        self.proven = false;
        let refusal = *self.refusal.get_or_insert(refusal);
        TlsError::AbortHandshake(AlertLevel::Fatal, refusal.alert())
    }

    fn certificate(
        &mut self,
        transcript: &Sha256,
        sent: &CertificateRef<'_>,
    ) -> Result<(), Refusal> {
        if self.shown.is_some() {
            return Err(Refusal::OutOfOrder);
        }
        let mut chain: Vec<CertificateDer<'_>, MAX_CHAIN> = Vec::new();
        for entry in &sent.entries {
            let CertificateEntryRef::X509(der) = entry else {
                return Err(Refusal::Malformed);
            };
            chain
                .push(CertificateDer::from(*der))
                .map_err(|_| Refusal::ChainTooLong)?;
        }
        let key = verify_chain(&self.trust, &chain)?;
        self.shown = Some((transcript.clone(), key));
        Ok(())
    }

    fn signature(&mut self, sent: &CertificateVerifyRef<'_>) -> Result<(), Refusal> {
        // Before a certificate there is no key to check with: an error here, a panic in the
        // verifiers that come with `embedded-tls`.
        let (transcript, key) = self.shown.as_ref().ok_or(Refusal::OutOfOrder)?;
        if self.proven {
            return Err(Refusal::OutOfOrder);
        }
        let message = signed_content(transcript.clone());
        key.verify(sent.signature_scheme, &message, sent.signature)
            .ok_or(Refusal::UnsupportedAlgorithm)?
            .map_err(|_| Refusal::BadHandshakeSignature)?;
        self.proven = true;
        Ok(())
    }
}

/// What a server's CertificateVerify signs (RFC 8446, 4.4.3).
fn signed_content(transcript: Sha256) -> [u8; 130] {
    const CONTEXT: &[u8; 34] = b"TLS 1.3, server CertificateVerify\0";
    let mut content = [0x20; 130];
    content[64..98].copy_from_slice(CONTEXT);
    content[98..].copy_from_slice(&transcript.finalize());
    content
}

impl TlsVerifier<Suite> for Verifier<'_> {
    fn set_hostname_verification(&mut self, _name: &str) -> Result<(), TlsError> {
        // The name came with `Trust`; this one is the same, from the same settings.
        Ok(())
    }

    fn verify_certificate(
        &mut self,
        transcript: &Sha256,
        certificate: CertificateRef<'_>,
    ) -> Result<(), TlsError> {
        self.certificate(transcript, &certificate)
            .map_err(|refusal| self.refuse(refusal))
    }

    fn verify_signature(&mut self, verify: CertificateVerifyRef<'_>) -> Result<(), TlsError> {
        self.signature(&verify)
            .map_err(|refusal| self.refuse(refusal))
    }
}

#[cfg(test)]
mod tests {
    use embedded_tls::SignatureScheme;
    use rcgen::KeyPair;

    use super::*;

    fn verifier(ca: &[u8]) -> Verifier<'_> {
        Verifier::new(Trust::new(ca, "broker.example", Time::Now(0)).unwrap())
    }

    fn ca() -> alloc::vec::Vec<u8> {
        let key = KeyPair::generate().unwrap();
        rcgen::CertificateParams::default()
            .self_signed(&key)
            .unwrap()
            .der()
            .to_vec()
    }

    /// The guard, without a network: a handshake that never asked the verifier must not be used.
    #[test]
    fn who_was_never_asked_trusts_nobody() {
        assert_eq!(verifier(&ca()).verdict(), Some(Refusal::NoCertificate));
    }

    #[test]
    fn a_signature_before_a_certificate_is_an_error_and_no_panic() {
        let ca = ca();
        let mut verifier = verifier(&ca);
        let verify = CertificateVerifyRef {
            signature_scheme: SignatureScheme::EcdsaSecp256r1Sha256,
            signature: &[0; 70],
        };
        let error = verifier.verify_signature(verify).unwrap_err();
        assert!(matches!(error, TlsError::AbortHandshake(..)), "{error:?}");
        assert_eq!(verifier.verdict(), Some(Refusal::OutOfOrder));
    }

    #[test]
    fn a_certificate_without_a_signature_proves_nothing() {
        let ca = ca();
        let mut verifier = verifier(&ca);
        let key = p256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
        verifier.shown = Some((Sha256::new(), (*key.verifying_key()).into()));
        assert_eq!(verifier.verdict(), Some(Refusal::NoCertificate));
        let verify = CertificateVerifyRef {
            signature_scheme: SignatureScheme::EcdsaSecp256r1Sha256,
            signature: b"no signature",
        };
        assert!(verifier.verify_signature(verify).is_err());
        assert_eq!(verifier.verdict(), Some(Refusal::BadHandshakeSignature));
    }

    #[test]
    fn only_a_signature_of_this_handshake_proves() {
        use p256::ecdsa::signature::Signer as _;

        let ca = ca();
        let key = p256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
        let transcript = Sha256::new().chain_update(b"this handshake");
        let other = Sha256::new().chain_update(b"another handshake");
        for (signed, verdict) in [
            (transcript.clone(), None),
            (other, Some(Refusal::BadHandshakeSignature)),
        ] {
            let mut verifier = verifier(&ca);
            verifier.shown = Some((transcript.clone(), (*key.verifying_key()).into()));
            let signature: p256::ecdsa::DerSignature = key.sign(&signed_content(signed));
            let _ = verifier.verify_signature(CertificateVerifyRef {
                signature_scheme: SignatureScheme::EcdsaSecp256r1Sha256,
                signature: signature.as_bytes(),
            });
            assert_eq!(verifier.verdict(), verdict);
        }
    }
}
