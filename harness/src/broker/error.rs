//! What can go wrong between the harness and its broker.

use std::net::SocketAddr;
use std::time::Duration;

/// A failure of the bench's broker. None of these says anything about the device under test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// Somebody else listens where the broker was told to.
    #[error(
        "the {what} port {addr} is in use; free it, or let the broker choose a port of its own"
    )]
    PortInUse {
        /// Which of the broker's ports.
        what: &'static str,
        /// The address that was asked for.
        addr: SocketAddr,
    },
    /// The system refused a socket operation.
    #[error("could not {what}: {source}")]
    Socket {
        /// What was tried, as a verb phrase.
        what: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A thread or its runtime could not be started.
    #[error("could not start the broker's {what} thread: {source}")]
    Thread {
        /// Which thread.
        what: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// `rumqttd` stopped by itself.
    #[error("rumqttd ended on {addr}: {reason}")]
    Rumqttd {
        /// Where it listened.
        addr: SocketAddr,
        /// Its own words.
        reason: String,
    },
    /// A key or certificate could not be made.
    #[error("could not make {what}: {reason}")]
    Pki {
        /// Which key or certificate.
        what: &'static str,
        /// The library's reason.
        reason: String,
    },
    /// A certificate or key cannot be served.
    #[error("the TLS front cannot use this server identity: {0}")]
    Identity(String),
    /// The broker's monitoring client lost its connection.
    #[error("the monitor lost its connection to rumqttd: {0}")]
    MonitorLost(String),
    /// The broker is stopped.
    #[error("the broker is stopped; call restart() first")]
    Stopped,
    /// The world did not come to rest in time.
    #[error("not settled within {limit:?} of wall time; outstanding: {outstanding}")]
    NotSettled {
        /// The bound that was exceeded.
        limit: Duration,
        /// Everything that had not happened, in words.
        outstanding: String,
    },
    /// The caller and the front disagree on what was sent.
    #[error(
        "connection {peer}: the caller says it sent {sent} bytes in all, \
         the TLS front has received {consumed}; count every byte written to the socket"
    )]
    Accounting {
        /// Client end of the connection.
        peer: SocketAddr,
        /// What the caller says.
        sent: u64,
        /// What arrived.
        consumed: u64,
    },
    /// A message cannot be published.
    #[error("cannot publish to {topic:?}: {reason}")]
    Publish {
        /// Its topic.
        topic: String,
        /// What is wrong.
        reason: String,
    },
    /// The front's thread is gone, which is a defect of the harness.
    #[error("the TLS front's thread has ended unexpectedly; its panic message is on stderr")]
    FrontGone,
}
