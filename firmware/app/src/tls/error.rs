//! What can go wrong between the transport and a trusted connection.

use core::fmt;

use embedded_tls::TlsError;
use embedded_tls::alert::AlertDescription;
use thiserror::Error;

use super::wire::Fault;
use crate::clock::Rfc3339;

/// Why the server is not trusted. The words are stable: scenarios and people search for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The server finished the handshake without showing a certificate or without proving that
    /// it owns the key of the one it showed.
    #[error("no certificate (the server proved no identity)")]
    NoCertificate,
    /// No chain leads to the authority of the settings.
    #[error("unknown issuer (the chain does not lead to the CA of the settings)")]
    UnknownIssuer,
    /// The validity of a certificate of the chain has ended.
    #[error("certificate expired (valid until {not_after}, now {now})")]
    CertExpired {
        /// End of validity.
        not_after: Rfc3339,
        /// Time it was checked against.
        now: Rfc3339,
    },
    /// The validity of a certificate of the chain has not begun.
    #[error("certificate not yet valid (valid from {not_before}, now {now})")]
    CertNotYetValid {
        /// Begin of validity.
        not_before: Rfc3339,
        /// Time it was checked against.
        now: Rfc3339,
    },
    /// The certificate is for another name.
    #[error("certificate is for another name (not the server name of the settings)")]
    NameMismatch,
    /// A certificate that may not issue others issued one of the chain.
    #[error("leaf certificate used as CA")]
    EndEntityUsedAsCa,
    /// The server shows an authority's certificate as its own.
    #[error("CA certificate used by the server as its own")]
    CaUsedAsEndEntity,
    /// The extended key usage forbids TLS servers.
    #[error("certificate is not for TLS servers (extended key usage)")]
    WrongKeyUsage,
    /// A signature in the chain is wrong: another authority of the same name, for example one
    /// that was made anew, or a certificate that was changed.
    #[error("unknown issuer (bad signature: not made with the key of the CA it names)")]
    BadSignature,
    /// The server could not sign the handshake with the key of its certificate.
    #[error("bad signature of the handshake (the server does not own the certificate's key)")]
    BadHandshakeSignature,
    /// A key or a signature of a kind that this build does not have, or that was not offered.
    #[cfg_attr(
        feature = "public-ca",
        error("unsupported key or signature (a P-256 key is needed, or RSA under an RSA CA)")
    )]
    #[cfg_attr(
        not(feature = "public-ca"),
        error("unsupported key or signature (this build has ECDSA P-256 with SHA-256 only)")
    )]
    UnsupportedAlgorithm,
    /// Longer or more branched than this device follows.
    #[error("certificate chain too long")]
    ChainTooLong,
    /// A constraint of an authority in the chain (names, path length) is violated.
    #[error("certificate violates a constraint of its CA")]
    ConstraintViolated,
    /// No certificate that can be read.
    #[error("malformed certificate")]
    Malformed,
    /// Handshake messages in an order no honest server uses.
    #[error("handshake messages out of order")]
    OutOfOrder,
}

impl Refusal {
    /// The alert that tells the server (RFC 8446, 6.2).
    pub(super) fn alert(self) -> AlertDescription {
        match self {
            Self::NoCertificate => AlertDescription::CertificateRequired,
            Self::UnknownIssuer | Self::EndEntityUsedAsCa => AlertDescription::UnknownCa,
            Self::CertExpired { .. } | Self::CertNotYetValid { .. } => {
                AlertDescription::CertificateExpired
            }
            Self::BadHandshakeSignature => AlertDescription::DecryptError,
            Self::UnsupportedAlgorithm | Self::WrongKeyUsage => {
                AlertDescription::UnsupportedCertificate
            }
            Self::OutOfOrder => AlertDescription::UnexpectedMessage,
            Self::NameMismatch
            | Self::CaUsedAsEndEntity
            | Self::BadSignature
            | Self::ChainTooLong
            | Self::ConstraintViolated
            | Self::Malformed => AlertDescription::BadCertificate,
        }
    }
}

/// A TLS connection failed.
#[derive(Debug, Clone, Copy, Error)]
#[non_exhaustive]
pub enum Error {
    /// The server is not whom the settings name.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The handshake took longer than [`HANDSHAKE_TIMEOUT`](super::HANDSHAKE_TIMEOUT).
    #[error("no handshake within {seconds} s: nothing, or nothing complete, came from the server")]
    Timeout {
        /// The bound.
        seconds: u64,
    },
    /// The server ended the handshake with an alert.
    #[error("the server refused the handshake (alert {description:?})")]
    Alert {
        /// Its reason.
        description: AlertDescription,
    },
    /// The server said good-bye.
    #[error("the server closed the connection")]
    Closed,
    /// What came below TLS cannot be used.
    #[error("{0}")]
    Wire(Fault),
    /// The server broke the protocol, or uses a part of it that this device lacks: KeyUpdate,
    /// handshake messages split across records.
    #[error("{}", Words(*.0))]
    Protocol(TlsError),
    /// A message that has no place after the handshake: a handshake message other than a ticket
    /// or KeyUpdate, or a content type TLS does not know.
    #[error("the server sent a message that has no place after the handshake")]
    UnexpectedMessage,
    /// `broker.ca` holds no certificate.
    #[error("settings field broker.ca holds no X.509 certificate in DER: write the settings anew")]
    BadCa,
    /// `broker.server_name` is neither a DNS name nor an address.
    #[error("settings field broker.server_name is no DNS name: write the settings anew")]
    BadServerName,
    /// `identity.key` cannot be used.
    #[error("settings field identity.key holds no P-256 key in DER: write the settings anew")]
    BadClientKey,
}

/// What `embedded-tls` means by its errors, where a server is the cause.
struct Words(TlsError);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            TlsError::CryptoError => {
                "a record does not decrypt: changed on the way, or of another session"
            }
            TlsError::InvalidKeyShare => "the server's key share is no point of P-256",
            TlsError::InvalidCertificate => {
                "the certificate message cannot be read: longer than one record, or malformed"
            }
            TlsError::InvalidSignature => "the server's Finished is wrong",
            TlsError::InvalidRecord => "an alert or data in place of a handshake message",
            TlsError::Unimplemented => {
                "the server uses a message such as KeyUpdate, which this device lacks"
            }
            TlsError::InternalError => "the server ended the session by an alert",
            other => return write!(f, "protocol error {other:?}"),
        })
    }
}

impl Error {
    /// Whether it may pass by itself. A server that is not the right one, and settings that
    /// cannot be used, need somebody to do something.
    pub const fn is_transient(&self) -> bool {
        !matches!(
            self,
            Self::Refused(_) | Self::BadCa | Self::BadServerName | Self::BadClientKey
        )
    }
}

impl embedded_io_async::Error for Error {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        match self {
            Self::Closed => embedded_io_async::ErrorKind::ConnectionReset,
            Self::Timeout { .. } => embedded_io_async::ErrorKind::TimedOut,
            Self::Wire(fault) => fault.kind(),
            _ => embedded_io_async::ErrorKind::InvalidData,
        }
    }
}
