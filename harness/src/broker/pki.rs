//! Certificates for one run: a CA, a good server, and the whole family of bad ones.
//!
//! Validity dates are fixed, so that no clock is read and a device's "expired on" message is the
//! same in every run; they stay within UTCTime (before 2050). Lengths are fixed too: see
//! [`signing`](super::signing).

use rand_core::{OsRng, RngCore};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256,
    PublicKeyData, SerialNumber, SignatureAlgorithm, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::error::BrokerError;
use super::identity::ServerIdentity;
use super::public_chain::PublicChain;
use super::signing::{FixedLengthIssuerKey, P256_SIGNATURE, P384_SIGNATURE};

/// Host name in the certificate of [`CertificateKind::OtherHost`].
pub const OTHER_HOST: &str = "other.example.net";

/// Intermediates of [`CertificateKind::LongChain`].
const LONG_CHAIN: usize = 4;
/// Intermediates of [`CertificateKind::HugeChain`]: with their padding, more than 16 KB in all.
const HUGE_CHAIN: usize = 9;
/// Bytes of padding in each intermediate of a huge chain.
const PADDING: u16 = 1800;

/// Which certificate the server presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateKind {
    /// Everything as it should be: 2020-01-01 to 2049-01-01, P-256, signed by the CA.
    Valid,
    /// Valid until 2021-01-01.
    Expired,
    /// Valid from 2048-01-01.
    NotYetValid,
    /// Names [`OTHER_HOST`] only.
    OtherHost,
    /// Signed by a CA of another name.
    OtherCa,
    /// Signed by a CA that took the name of ours, with a key of its own.
    ForgedCa,
    /// Signed by a server certificate (not a CA) that the CA signed.
    LeafAsCa,
    /// For TLS clients only.
    WrongKeyUsage,
    /// A P-384 key, which a device that knows only P-256 cannot verify.
    UnsupportedKey,
    /// Four intermediate CAs.
    LongChain,
    /// Nine intermediate CAs, more than 16 KB of certificates: larger than one TLS record.
    HugeChain,
    /// Signed by its own key.
    SelfSigned,
    /// An RSA key of 2048 bits.
    RsaKey,
    /// Signed, as it says, over a SHA-224 hash.
    WeakHash,
    /// The server shows a CA's certificate as its own.
    CaAsServer,
    /// The host only by a wildcard for its first label.
    Wildcard,
    /// A wildcard that would have to stand for two labels.
    WildcardTooShort,
    /// The host's name in the common name only, as was the custom before 2000.
    CommonNameOnly,
    /// The certificate is cut short.
    Truncated,
    /// A chain below a root as public authorities have them, which the device trusts then in place
    /// of our CA.
    Public(PublicChain),
}

impl CertificateKind {
    /// Tells the certificates of two kinds apart, by serial number.
    fn number(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Expired => 1,
            Self::NotYetValid => 2,
            Self::OtherHost => 3,
            Self::OtherCa => 4,
            Self::ForgedCa => 5,
            Self::LeafAsCa => 6,
            Self::WrongKeyUsage => 7,
            Self::UnsupportedKey => 8,
            Self::LongChain => 9,
            Self::HugeChain => 10,
            Self::SelfSigned => 11,
            Self::RsaKey => 12,
            Self::WeakHash => 13,
            Self::CaAsServer => 14,
            Self::Wildcard => 15,
            Self::WildcardTooShort => 16,
            Self::CommonNameOnly => 17,
            Self::Truncated => 18,
            Self::Public(_) => 19,
        }
    }
}

/// Name of the CA that the device trusts.
const CA_NAME: &str = "HIL test CA";

/// Name of the one it does not; of the same length, like everything on the wire.
const OTHER_CA_NAME: &str = "HIL evil CA";

/// The keys of one run. Made afresh for each; nothing is ever written to a disk.
#[derive(Debug)]
pub struct Pki {
    ca: Authority,
    other_ca: Authority,
    forged_ca: Authority,
}

impl Pki {
    /// Makes the CA, one of another name, and one that took its name.
    ///
    /// # Errors
    /// [`BrokerError::Pki`] when the system gives no randomness.
    pub fn new() -> Result<Self, BrokerError> {
        Ok(Self {
            ca: Authority::root(CA_NAME)?,
            other_ca: Authority::root(OTHER_CA_NAME)?,
            forged_ca: Authority::root(CA_NAME)?,
        })
    }

    /// The certificate in DER, for the device's settings, of the CA that certifies servers of `kind`.
    ///
    /// # Errors
    /// As [`server`](Self::server).
    pub fn ca_der(&self, kind: CertificateKind) -> Result<Vec<u8>, BrokerError> {
        match kind {
            CertificateKind::Public(chain) => chain.root(),
            _ => Ok(self.ca.certificate.to_vec()),
        }
    }

    /// Makes a certificate of the given kind, with its key, for the server called `host`.
    ///
    /// # Errors
    /// [`BrokerError::Pki`] when the system gives no randomness or `host` is no DNS name.
    pub fn server(&self, kind: CertificateKind, host: &str) -> Result<ServerIdentity, BrokerError> {
        if let CertificateKind::Public(chain) = kind {
            return chain.server(host);
        }
        let serial = 0x20 + kind.number();
        let mut params = leaf_params(host, serial)?;
        match kind {
            CertificateKind::Expired => params.not_after = date_time_ymd(2021, 1, 1),
            CertificateKind::NotYetValid => params.not_before = date_time_ymd(2048, 1, 1),
            CertificateKind::OtherHost => params = leaf_params(OTHER_HOST, serial)?,
            CertificateKind::WrongKeyUsage => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
            CertificateKind::Wildcard => {
                let (_, rest) = host.split_once('.').unwrap_or_default();
                params = leaf_params(&format!("*.{rest}"), serial)?;
            }
            CertificateKind::WildcardTooShort => {
                let (_, top) = host.rsplit_once('.').unwrap_or_default();
                params = leaf_params(&format!("*.{top}"), serial)?;
            }
            CertificateKind::CommonNameOnly => {
                params.subject_alt_names.clear();
                params.distinguished_name.push(DnType::CommonName, host);
            }
            CertificateKind::CaAsServer => {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }
            _ => {}
        }
        match kind {
            CertificateKind::SelfSigned => {
                let key = FixedLengthIssuerKey(p256()?);
                let certificate = params
                    .self_signed(&key)
                    .map_err(|e| failed("a self-signed certificate", &e))?;
                let private = PrivatePkcs8KeyDer::from(key.0.serialize_der());
                let chain = vec![certificate.der().clone()];
                Ok(ServerIdentity::new(chain, private, P256_SIGNATURE))
            }
            CertificateKind::RsaKey => {
                let certificate = params
                    .signed_by(&SomeRsaKey::draw(), &self.ca.issuer)
                    .map_err(|e| failed("a certificate of an RSA key", &e))?;
                // Whoever sees the certificate refuses it before a signature is looked at.
                let private = PrivatePkcs8KeyDer::from(p256()?.serialize_der());
                let chain = vec![certificate.der().clone()];
                Ok(ServerIdentity::new(chain, private, P256_SIGNATURE))
            }
            CertificateKind::WeakHash => {
                let good = issue(&params, p256()?, P256_SIGNATURE, &self.ca, Vec::new())?;
                Ok(good.altered(|der| replace_all(der, ECDSA_SHA256, ECDSA_SHA224)))
            }
            CertificateKind::Truncated => {
                let good = issue(&params, p256()?, P256_SIGNATURE, &self.ca, Vec::new())?;
                Ok(good.altered(|der| der.truncate(der.len() / 2)))
            }
            CertificateKind::UnsupportedKey => {
                let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)
                    .map_err(|e| failed("a P-384 key", &e))?;
                issue(&params, key, P384_SIGNATURE, &self.ca, Vec::new())
            }
            CertificateKind::OtherCa => {
                issue(&params, p256()?, P256_SIGNATURE, &self.other_ca, Vec::new())
            }
            CertificateKind::ForgedCa => issue(
                &params,
                p256()?,
                P256_SIGNATURE,
                &self.forged_ca,
                Vec::new(),
            ),
            CertificateKind::LeafAsCa => {
                let middle = self.ca.endorse(leaf_params(host, 0x40)?)?;
                let sent = vec![middle.certificate.clone()];
                issue(&params, p256()?, P256_SIGNATURE, &middle, sent)
            }
            CertificateKind::LongChain => self.through(&params, LONG_CHAIN, 0),
            CertificateKind::HugeChain => self.through(&params, HUGE_CHAIN, PADDING),
            _ => issue(&params, p256()?, P256_SIGNATURE, &self.ca, Vec::new()),
        }
    }

    /// A leaf below `count` intermediates, each with `padding` bytes of comment.
    fn through(
        &self,
        leaf: &CertificateParams,
        count: usize,
        padding: u16,
    ) -> Result<ServerIdentity, BrokerError> {
        let mut sent = Vec::new();
        let mut above: Option<Authority> = None;
        for level in 1..=count {
            let mut params = authority_params(&format!("HIL intermediate {level:02}"), 0x60);
            if padding > 0 {
                // Netscape comment, an IA5String: an extension every verifier ignores.
                let [high, low] = padding.to_be_bytes();
                let mut content = vec![0x16, 0x82, high, low];
                content.resize(content.len() + usize::from(padding), b'x');
                params
                    .custom_extensions
                    .push(rcgen::CustomExtension::from_oid_content(
                        &[2, 16, 840, 1, 113_730, 1, 13],
                        content,
                    ));
            }
            let next = above.as_ref().unwrap_or(&self.ca).endorse(params)?;
            sent.insert(0, next.certificate.clone());
            above = Some(next);
        }
        issue(
            leaf,
            p256()?,
            P256_SIGNATURE,
            above.as_ref().unwrap_or(&self.ca),
            sent,
        )
    }
}

/// ecdsa-with-SHA256 and ecdsa-with-SHA224 as OBJECT IDENTIFIER in DER (RFC 5758, 3.2).
const ECDSA_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const ECDSA_SHA224: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1];

/// Replaces `old` by `new`, of the same length, wherever it stands.
fn replace_all(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    for at in 0..bytes.len().saturating_sub(old.len()) {
        let place = &mut bytes[at..at + old.len()];
        if place == old {
            place.copy_from_slice(new);
        }
    }
}

/// An RSA public key of 2048 bits that nobody has the private key of.
struct SomeRsaKey(Vec<u8>);

impl SomeRsaKey {
    fn draw() -> Self {
        let mut modulus = [0; 256];
        OsRng.fill_bytes(&mut modulus);
        // Of full length, odd: it looks like one.
        modulus[0] |= 0x80;
        modulus[255] |= 1;
        // RSAPublicKey (RFC 8017, A.1.1): SEQUENCE of modulus and exponent 65537.
        let mut der = vec![0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0];
        der.extend(modulus);
        der.extend([2, 3, 1, 0, 1]);
        Self(der)
    }
}

impl PublicKeyData for SomeRsaKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

/// Somebody who signs certificates, rightly or not.
#[derive(Debug)]
struct Authority {
    issuer: Issuer<'static, FixedLengthIssuerKey>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn root(name: &str) -> Result<Self, BrokerError> {
        let params = authority_params(name, 0x10);
        let key = FixedLengthIssuerKey(p256()?);
        let certificate = params
            .self_signed(&key)
            .map_err(|e| failed("the CA certificate", &e))?;
        Ok(Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }

    /// Signs a certificate for `params` and hands out its key as an authority of its own.
    fn endorse(&self, params: CertificateParams) -> Result<Self, BrokerError> {
        let key = FixedLengthIssuerKey(p256()?);
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(|e| failed("an intermediate certificate", &e))?;
        Ok(Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }
}

fn issue(
    params: &CertificateParams,
    key: KeyPair,
    signature_length: usize,
    authority: &Authority,
    above: Vec<CertificateDer<'static>>,
) -> Result<ServerIdentity, BrokerError> {
    let certificate = params
        .signed_by(&key, &authority.issuer)
        .map_err(|e| failed("the server certificate", &e))?;
    let mut chain = vec![certificate.der().clone()];
    chain.extend(above);
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok(ServerIdentity::new(chain, key, signature_length))
}

pub(super) fn p256() -> Result<KeyPair, BrokerError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|e| failed("a P-256 key", &e))
}

pub(super) fn leaf_params(host: &str, serial: u8) -> Result<CertificateParams, BrokerError> {
    let mut params = CertificateParams::new(vec![host.to_owned()])
        .map_err(|e| failed("a certificate for this host name", &e))?;
    params
        .distinguished_name
        .push(DnType::CommonName, "HIL test server");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    common(&mut params, serial);
    Ok(params)
}

pub(super) fn authority_params(name: &str, serial: u8) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    common(&mut params, serial);
    params
}

fn common(params: &mut CertificateParams, serial: u8) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 1, 1);
    params.use_authority_key_identifier_extension = true;
    // Eight bytes with a clear top bit: DER then needs no padding byte.
    params.serial_number = Some(SerialNumber::from(vec![
        0x48, 0x49, 0x4c, 0, 0, 0, 1, serial,
    ]));
}

pub(super) fn failed(what: &'static str, error: &rcgen::Error) -> BrokerError {
    BrokerError::Pki {
        what,
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "broker.example.net";

    const KINDS: [CertificateKind; 21] = [
        CertificateKind::Valid,
        CertificateKind::Expired,
        CertificateKind::NotYetValid,
        CertificateKind::OtherHost,
        CertificateKind::OtherCa,
        CertificateKind::ForgedCa,
        CertificateKind::LeafAsCa,
        CertificateKind::WrongKeyUsage,
        CertificateKind::UnsupportedKey,
        CertificateKind::LongChain,
        CertificateKind::HugeChain,
        CertificateKind::SelfSigned,
        CertificateKind::RsaKey,
        CertificateKind::WeakHash,
        CertificateKind::CaAsServer,
        CertificateKind::Wildcard,
        CertificateKind::WildcardTooShort,
        CertificateKind::CommonNameOnly,
        CertificateKind::Truncated,
        CertificateKind::Public(PublicChain::Rsa),
        CertificateKind::Public(PublicChain::Ecdsa),
    ];

    #[test]
    fn certificates_of_a_kind_have_the_same_length_in_every_run() {
        let lengths = || -> Vec<Vec<usize>> {
            let pki = Pki::new().unwrap();
            let of = |kind| {
                pki.server(kind, HOST)
                    .unwrap()
                    .chain()
                    .map(<[u8]>::len)
                    .collect()
            };
            let mut all: Vec<Vec<usize>> = KINDS.into_iter().map(of).collect();
            let ca = |kind| pki.ca_der(kind).unwrap().len();
            all.push(vec![ca(CertificateKind::Valid), ca(KINDS[19])]);
            all
        };
        let first = lengths();
        assert_eq!(first, lengths());
        assert_eq!(first, lengths());
    }

    #[test]
    fn a_huge_chain_does_not_fit_one_record() {
        let pki = Pki::new().unwrap();
        let huge = pki.server(CertificateKind::HugeChain, HOST).unwrap();
        assert!(huge.chain().map(<[u8]>::len).sum::<usize>() > 16_384);
        assert_eq!(
            pki.server(CertificateKind::LongChain, HOST)
                .unwrap()
                .chain()
                .count(),
            5
        );
    }

    #[test]
    fn a_host_that_is_no_name_is_refused() {
        let pki = Pki::new().unwrap();
        let error = pki.server(CertificateKind::Valid, "no\u{e9}").unwrap_err();
        assert!(error.to_string().contains("host name"), "{error}");
    }
}
