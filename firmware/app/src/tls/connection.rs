//! Opens a verified connection and reads and writes on it.

use core::cell::RefCell;

use embassy_time::{Duration, with_timeout};
use embedded_io_async::{ErrorType, Read, Write};
use embedded_tls::{
    FlushPolicy, TLS_RECORD_OVERHEAD, TlsConfig, TlsConnection, TlsContext, TlsError,
};
use rand_core::CryptoRngCore;

use super::error::Error;
use super::provider::{Identity, Provider};
use super::suite::Suite;
use super::verifier::{Trust, Verifier};
use super::wire::{Port, Wire};

/// Bound for the whole handshake: seconds of computing on a slow chip, and a slow network.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// Record buffers of `embedded-tls`. It does not put records together from parts, so `read` holds
/// the largest one a server may send, 16,640 bytes; the handshake is encoded in the larger one.
#[derive(Debug)]
pub struct Buffers<'a> {
    /// Received record, decrypted in place.
    pub read: &'a mut [u8],
    /// Record to send.
    pub write: &'a mut [u8],
}

/// Who opens the connection, and to whom.
#[derive(Debug)]
pub struct Client<'a> {
    /// Sent as SNI, always.
    pub server_name: &'a str,
    /// Whom to believe.
    pub trust: Trust<'a>,
    /// For servers that ask for a client certificate.
    pub identity: Option<Identity<'a>>,
}

/// Opens a connection over `wire`, within [`HANDSHAKE_TIMEOUT`].
///
/// The stream exists only for a server that proved to own a certificate which the trust of
/// `client` accepts; there is no other way to one, so no application byte can leave before.
///
/// # Errors
/// [`Error::Refused`] with the reason, else what broke the handshake. The server was told by an
/// alert, except where it proved nothing at all: such a one gets no further byte.
pub async fn open<'w, 'a, T: Read + Write>(
    wire: &'w RefCell<Wire<'a, T>>,
    buffers: Buffers<'w>,
    client: Client<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<Stream<'w, 'a, T>, Error> {
    let takes_rsa = client.trust.takes_rsa();
    let mut verifier = Verifier::new(client.trust);
    let provider = Provider {
        rng,
        verifier: &mut verifier,
        identity: client.identity.as_ref(),
    };
    let config = TlsConfig::new().with_server_name(client.server_name);
    let config = match takes_rsa {
        true => config.enable_rsa_signatures(),
        false => config,
    };
    let mut tls = TlsConnection::new(Port(wire), buffers.read, buffers.write);
    // The stream flushes the transport itself, see `Stream::flush`.
    tls.set_flush_policy(FlushPolicy::Relaxed);

    let handshake = with_timeout(
        HANDSHAKE_TIMEOUT,
        tls.open(TlsContext::new(&config, provider)),
    );
    let result = handshake.await;
    match result {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            return Err(match (verifier.verdict(), error) {
                (Some(refusal), TlsError::AbortHandshake(..)) => Error::Refused(refusal),
                _ => explain(wire, error),
            });
        }
        Err(_) => {
            return Err(Error::Timeout {
                seconds: HANDSHAKE_TIMEOUT.as_secs(),
            });
        }
    }
    // The guard. `embedded-tls` 0.19 accepts a Finished without Certificate and
    // CertificateVerify before it: `open` then succeeds with anybody.
    if let Some(refusal) = verifier.verdict() {
        return Err(Error::Refused(refusal));
    }
    let limit = {
        let mut wire = wire
            .try_borrow_mut()
            .map_err(|_| Error::Wire(super::Fault::Busy))?;
        wire.establish();
        wire.capacity().saturating_sub(TLS_RECORD_OVERHEAD)
    };
    Ok(Stream {
        tls,
        wire,
        unflushed: 0,
        limit,
    })
}

fn explain<T: Read + Write>(wire: &RefCell<Wire<'_, T>>, error: TlsError) -> Error {
    let fault = wire.try_borrow().ok().and_then(|wire| wire.fault());
    match (fault, error) {
        (Some(fault), _) => Error::Wire(fault),
        (None, TlsError::HandshakeAborted(_, description)) => Error::Alert { description },
        (None, TlsError::ConnectionClosed) => Error::Closed,
        (None, error) => Error::Protocol(error),
    }
}

/// A verified connection.
///
/// Reads, writes and flushes may be dropped at any await point and tried again; see [`Wire`].
pub struct Stream<'w, 'a, T: Read + Write> {
    tls: TlsConnection<'w, Port<'w, 'a, T>, Suite>,
    wire: &'w RefCell<Wire<'a, T>>,
    /// Application bytes in the record that is being filled.
    unflushed: usize,
    /// Most application bytes in one record, so that it fits the wire's queue.
    limit: usize,
}

impl<T: Read + Write> core::fmt::Debug for Stream<'_, '_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Stream")
            .field("unflushed", &self.unflushed)
            .finish_non_exhaustive()
    }
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "embedded-tls does not use the wire meanwhile: both are called through `&mut self`"
)]
impl<T: Read + Write> Stream<'_, '_, T> {
    async fn drain(&mut self) -> Result<(), Error> {
        let mut wire = self
            .wire
            .try_borrow_mut()
            .map_err(|_| Error::Wire(super::Fault::Busy))?;
        wire.drain().await.map_err(Error::Wire)
    }

    /// Encrypts the record that is being filled. The queue is empty, so this never waits.
    async fn seal(&mut self) -> Result<(), Error> {
        if self.unflushed > 0 {
            self.tls
                .flush()
                .await
                .map_err(|error| explain(self.wire, error))?;
            self.unflushed = 0;
        }
        Ok(())
    }

    /// Says good-bye (close_notify). Waits for the transport: bound it.
    ///
    /// # Errors
    /// When the transport failed; the connection is over in any case.
    pub async fn close(mut self) -> Result<(), Error> {
        if !self.tls.is_opened() {
            // The server said good-bye first. `embedded-tls` would answer in plain text.
            return Ok(());
        }
        self.flush().await?;
        match self.tls.close().await {
            Ok(_) => Ok(()),
            Err((_, error)) => Err(explain(self.wire, error)),
        }
    }
}

impl<T: Read + Write> ErrorType for Stream<'_, '_, T> {
    type Error = Error;
}

impl<T: Read + Write> Read for Stream<'_, '_, T> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        {
            let mut wire = self
                .wire
                .try_borrow_mut()
                .map_err(|_| Error::Wire(super::Fault::Busy))?;
            if wire.mid_record() {
                return Err(Error::Wire(wire.abandon()));
            }
        }
        self.tls.read(out).await.map_err(|error| match error {
            TlsError::InvalidRecord => Error::UnexpectedMessage,
            error => explain(self.wire, error),
        })
    }
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "embedded-tls does not use the wire meanwhile: both are called through `&mut self`"
)]
impl<T: Read + Write> Write for Stream<'_, '_, T> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.drain().await?;
        if self.unflushed >= self.limit {
            self.seal().await?;
            self.drain().await?;
        }
        let n = bytes.len().min(self.limit - self.unflushed);
        let n = self
            .tls
            .write(&bytes[..n])
            .await
            .map_err(|error| explain(self.wire, error))?;
        self.unflushed += n;
        Ok(n)
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.drain().await?;
        self.seal().await?;
        let mut wire = self
            .wire
            .try_borrow_mut()
            .map_err(|_| Error::Wire(super::Fault::Busy))?;
        wire.flush().await.map_err(Error::Wire)
    }
}
