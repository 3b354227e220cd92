//! How a session with the broker ends when nobody ordered it.

use minimq::{PeerError, ResourceError};
use thiserror::Error;

use super::reason::Reason;
use crate::tls;

/// A session could not be established or came to an end. After each of these a new session is
/// tried; what the broker has not acknowledged is sent again then.
#[derive(Debug, Clone, Copy, Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing came in answer to CONNECT.
    #[error(
        "no CONNACK within {seconds} s: brokers that refuse user or password often say nothing"
    )]
    NoConnack {
        /// The bound.
        seconds: u64,
    },
    /// The broker closed the connection in answer to CONNECT.
    #[error("the broker closed the connection without CONNACK: check user and password")]
    ClosedBeforeConnack,
    /// The broker answered CONNECT with a refusal.
    #[error("the broker refused the connection: {0}")]
    ConnectRefused(Reason),
    /// The broker ended the session with DISCONNECT.
    #[error("the broker ended the session: {0}")]
    Ended(Reason),
    /// The broker closed the connection without a word.
    #[error("the broker closed the connection")]
    Disconnected,
    /// No PINGRESP came.
    #[error("no PINGRESP within {seconds} s: the link is dead")]
    NoPingresp {
        /// The bound.
        seconds: u64,
    },
    /// A publication was not acknowledged.
    #[error("no PUBACK within {seconds} s: the link is dead")]
    NoPuback {
        /// The bound.
        seconds: u64,
    },
    /// The subscription was not acknowledged.
    #[error("no SUBACK within {seconds} s: the link is dead")]
    NoSuback {
        /// The bound.
        seconds: u64,
    },
    /// A packet could not be handed to the modem.
    #[error("could not send for {seconds} s")]
    SendStalled {
        /// The bound.
        seconds: u64,
    },
    /// The broker acknowledged a publication with a refusal. The sample stays in the queue.
    #[error("the broker refused a publication: {0}")]
    PublishRefused(Reason),
    /// The broker broke the protocol.
    #[error("invalid packet from the broker")]
    InvalidPacket,
    /// A packet does not fit the broker's limit or the device's buffers.
    #[error("packet does not fit: {0}")]
    TooLarge(ResourceError),
    /// The broker does not take what the device must send, for example QoS 1.
    #[error("the broker does not support what the device needs (QoS 1, retained messages)")]
    Unsupported,
    /// Client id or topics of the settings are no good for MQTT.
    #[error("the settings do not fit MQTT ({0}): write the settings anew")]
    Settings(minimq::ConfigError),
    /// The connection below failed.
    #[error("connection lost: {0}")]
    Connection(tls::Error),
}

impl Error {
    /// Whether it may pass by itself. A broker that says no, and settings that cannot be used,
    /// need somebody to do something.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::ConnectRefused(reason) | Self::Ended(reason) | Self::PublishRefused(reason) => {
                reason.is_transient()
            }
            Self::Settings(_)
            | Self::Unsupported
            | Self::TooLarge(ResourceError::PacketTooLarge) => false,
            _ => true,
        }
    }
}

impl From<minimq::Error<tls::Error>> for Error {
    fn from(error: minimq::Error<tls::Error>) -> Self {
        use minimq::Error as E;
        match error {
            E::Disconnected => Self::Disconnected,
            E::Peer(PeerError::Rejected(code)) => Self::PublishRefused(Reason(code.into())),
            E::Resource(error) => Self::TooLarge(error),
            E::InvalidRequest => Self::Unsupported,
            E::Transport(error) => Self::Connection(error),
            // `NotReady` is asked for before; the writes of our stream never return 0.
            E::NotReady | E::WriteZero => Self::TooLarge(ResourceError::InflightExhausted),
            _ => Self::InvalidPacket,
        }
    }
}
