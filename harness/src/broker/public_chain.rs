//! Chains as public authorities issue them: a root with an RSA key of 4096 bits.
//!
//! Let's Encrypt's are of this shape, and with them those of HiveMQ Cloud.

use rcgen::{Issuer, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, SignatureAlgorithm};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::error::BrokerError;
use super::identity::ServerIdentity;
use super::pki::{authority_params, failed, leaf_params, p256};
use super::rsa_keys::RsaKey;
use super::signing::{FixedLengthIssuerKey, P256_SIGNATURE};

/// Length of a signature with an RSA key of 2048 bits, bytes.
const RSA_2048_SIGNATURE: usize = 256;

/// The root's name.
const ROOT_NAME: &str = "HIL public root";

/// What the server shows, and what may be wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublicChain {
    /// A server with an RSA key of 2048 bits, certified by the root itself.
    Rsa,
    /// A server with a P-256 key below an intermediate authority with a P-384 key.
    Ecdsa,
    /// As `Rsa`, but one bit of the root's signature is wrong.
    RsaSignatureBroken,
    /// As `Rsa`, but the server signs the handshake with the RSA key of another.
    RsaKeyOfAnother,
    /// As `Ecdsa`, but another root, which took the name of ours, certified the intermediate.
    ForgedIntermediate,
}

impl PublicChain {
    /// The certificate of the root that the device trusts, in DER.
    ///
    /// # Errors
    /// [`BrokerError::Pki`] when the system gives no randomness.
    pub(super) fn root(self) -> Result<Vec<u8>, BrokerError> {
        let root = Root::new(RsaKey::Root)?;
        Ok(root.certificate.to_vec())
    }

    /// Chain and key of the server called `host`.
    ///
    /// # Errors
    /// As [`Pki::server`](super::Pki::server).
    pub(super) fn server(self, host: &str) -> Result<ServerIdentity, BrokerError> {
        let issuer = match self {
            Self::ForgedIntermediate => Root::new(RsaKey::ForgedRoot)?,
            _ => Root::new(RsaKey::Root)?,
        };
        match self {
            Self::Ecdsa | Self::ForgedIntermediate => below_p384(&issuer, host),
            Self::Rsa | Self::RsaSignatureBroken | Self::RsaKeyOfAnother => {
                let good = below_root(&issuer, host, self == Self::RsaKeyOfAnother)?;
                Ok(match self {
                    // The signature is the last thing in a certificate.
                    Self::RsaSignatureBroken => good.altered(|der| {
                        if let Some(last) = der.last_mut() {
                            *last ^= 1;
                        }
                    }),
                    _ => good,
                })
            }
        }
    }
}

struct Root {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Root {
    fn new(key: RsaKey) -> Result<Self, BrokerError> {
        let params = authority_params(ROOT_NAME, 0x10);
        let key = key_pair(key, &PKCS_RSA_SHA256)?;
        let certificate = params
            .self_signed(&key)
            .map_err(|e| failed("the root certificate", &e))?;
        Ok(Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }
}

fn key_pair(key: RsaKey, algorithm: &'static SignatureAlgorithm) -> Result<KeyPair, BrokerError> {
    let der = PrivatePkcs8KeyDer::from(key.pkcs8());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, algorithm).map_err(|e| failed("an RSA key", &e))
}

fn below_root(root: &Root, host: &str, stolen: bool) -> Result<ServerIdentity, BrokerError> {
    let key = key_pair(RsaKey::Server, &PKCS_RSA_SHA256)?;
    let certificate = leaf_params(host, 0x50)?
        .signed_by(&key, &root.issuer)
        .map_err(|e| failed("the server certificate", &e))?;
    let owner = match stolen {
        true => RsaKey::OtherServer,
        false => RsaKey::Server,
    };
    let private = PrivatePkcs8KeyDer::from(owner.pkcs8());
    let chain = vec![certificate.der().clone()];
    Ok(ServerIdentity::new(chain, private, RSA_2048_SIGNATURE))
}

fn below_p384(root: &Root, host: &str) -> Result<ServerIdentity, BrokerError> {
    let key =
        KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).map_err(|e| failed("a P-384 key", &e))?;
    let key = FixedLengthIssuerKey(key);
    let params = authority_params("HIL public intermediate", 0x51);
    let intermediate = params
        .signed_by(&key, &root.issuer)
        .map_err(|e| failed("an intermediate certificate", &e))?;
    let issuer = Issuer::new(params, key);
    let key = p256()?;
    let certificate = leaf_params(host, 0x52)?
        .signed_by(&key, &issuer)
        .map_err(|e| failed("the server certificate", &e))?;
    let private = PrivatePkcs8KeyDer::from(key.serialize_der());
    let chain = vec![certificate.der().clone(), intermediate.der().clone()];
    Ok(ServerIdentity::new(chain, private, P256_SIGNATURE))
}
