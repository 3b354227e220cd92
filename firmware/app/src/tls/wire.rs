//! The record layer between `embedded-tls` and the transport.
//!
//! `embedded-tls` 0.19 cannot be cancelled: a read dropped between the header and the end of a
//! record loses the header, a write dropped half-way sends the next record under the same nonce.
//! An MQTT client drops reads all the time (keep-alive, timers). So the wire
//! * collects a record completely before it hands out the first byte of it: a dropped read has
//!   then either taken nothing, or runs to its end without waiting;
//! * takes a sent record completely before the first byte leaves, so that encryption never waits.
//!
//! A record larger than the collecting buffer is handed through while it arrives. Dropping that
//! read cannot be repaired; [`Wire::mid_record`] tells, and the connection ends with
//! [`Fault::Abandoned`]. Nothing is lost then either: whatever the broker has not acknowledged is
//! sent again by the next session.
//!
//! It also keeps out what makes `embedded-tls` panic or trust: after the ServerHello only
//! encrypted records (and the compatibility ChangeCipherSpec) may arrive, after the handshake
//! only encrypted ones, none of them empty. What is inside of those only the cipher sees: after
//! the handshake the wire marks their headers for it, see [`Suite`](super::suite::Suite).

use core::cell::RefCell;

use embassy_futures::yield_now;
use embedded_io_async::{Error as _, ErrorKind, ErrorType, Read, Write};
use thiserror::Error;

use super::hello::{self, HelloFault};
use super::suite::{ESTABLISHED, VERSION};

const HEADER: usize = 5;
/// Largest ciphertext of a record (RFC 8446, 5.2): 2^14 + 256.
const MAX_CIPHERTEXT: usize = 16_640;
/// Smallest one: content type and the tag of AES-GCM.
const MIN_CIPHERTEXT: usize = 1 + 16;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;

/// What arrived below TLS, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// The transport failed.
    #[error("the modem's byte stream failed ({0:?})")]
    Transport(ErrorKind),
    /// The transport ended.
    #[error("the modem's byte stream ended")]
    End,
    /// An alert in plain text where only encrypted records may come. It is not authenticated, and
    /// what a server sends that meets a new TCP connection in the middle of an old session.
    #[error("alert {0} in plain text: the server does not know this session")]
    PlainAlert(u8),
    /// A record of a type that may not come now.
    #[error("record of type {0} where none may come")]
    UnexpectedRecord(u8),
    /// What came first is no TLS record at all.
    #[error("not TLS (first byte {0:#04x}): is this the broker's TLS port?")]
    NotTls(u8),
    /// The ServerHello cannot be used.
    #[error("{0}")]
    Hello(HelloFault),
    /// A record longer or shorter than its type allows.
    #[error("record of {0} bytes, out of range")]
    RecordLength(usize),
    /// An encrypted record whose header names a version other than 3.3.
    #[error("encrypted record of version {0:#06x}, expected 0x0303")]
    RecordVersion(u16),
    /// A read of an oversized record was dropped.
    #[error("a record larger than {0} bytes was cut short")]
    Abandoned(usize),
    /// Two users at the same time: a defect of this firmware.
    #[error("the byte stream is in use")]
    Busy,
}

impl embedded_io_async::Error for Fault {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Transport(kind) => *kind,
            Self::End | Self::PlainAlert(_) => ErrorKind::ConnectionReset,
            Self::UnexpectedRecord(_)
            | Self::NotTls(_)
            | Self::Hello(_)
            | Self::RecordLength(_)
            | Self::RecordVersion(_) => ErrorKind::InvalidData,
            Self::Abandoned(_) => ErrorKind::ConnectionAborted,
            Self::Busy => ErrorKind::Other,
        }
    }
}

/// Which records may arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before the ServerHello.
    Hello,
    /// Between ServerHello and the end of the handshake.
    Handshake,
    /// After the handshake.
    Established,
}

/// A transport with record discipline. See the module's description.
#[derive(Debug)]
pub struct Wire<'a, T> {
    io: T,
    phase: Phase,
    fault: Option<Fault>,
    /// The record that is collected or handed out.
    rx: &'a mut [u8],
    collected: usize,
    handed: usize,
    /// Size with header, once the header is complete.
    record: Option<usize>,
    /// Bytes of an oversized record that are still to be handed through.
    through: usize,
    tx: &'a mut [u8],
    queued: usize,
    sent: usize,
}

impl<'a, T: Read + Write> Wire<'a, T> {
    /// Puts the wire in front of `io`. Records up to `rx.len()` bytes are collected; `tx` must
    /// hold the largest record that is sent after the handshake.
    pub fn new(io: T, rx: &'a mut [u8], tx: &'a mut [u8]) -> Self {
        debug_assert!(
            rx.len() > HEADER && tx.len() > HEADER,
            "buffers for at least a header"
        );
        Self {
            io,
            phase: Phase::Hello,
            fault: None,
            rx,
            collected: 0,
            handed: 0,
            record: None,
            through: 0,
            tx,
            queued: 0,
            sent: 0,
        }
    }

    /// From now on only encrypted records may arrive.
    pub(super) fn establish(&mut self) {
        self.phase = Phase::Established;
    }

    /// Why the last read or write failed.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Whether a record was handed out in part only.
    pub(super) fn mid_record(&self) -> bool {
        self.handed > 0 || self.through > 0
    }

    /// Ends the connection for good because a read of a large record was dropped.
    pub(super) fn abandon(&mut self) -> Fault {
        self.fail(Fault::Abandoned(self.rx.len()))
    }

    /// Largest record that [`write`](Self::write) takes without waiting when nothing is queued.
    pub(super) fn capacity(&self) -> usize {
        self.tx.len()
    }

    fn fail(&mut self, fault: Fault) -> Fault {
        *self.fault.get_or_insert(fault)
    }

    async fn receive(&mut self, until: usize) -> Result<(), Fault> {
        while self.collected < until {
            match self.io.read(&mut self.rx[self.collected..until]).await {
                Ok(0) => return Err(self.fail(Fault::End)),
                Ok(n) => self.collected += n,
                Err(error) => return Err(self.fail(Fault::Transport(error.kind()))),
            }
        }
        Ok(())
    }

    /// Waits until the next record, or as much of it as fits, is there. Dropping this future
    /// loses nothing.
    async fn collect(&mut self) -> Result<(), Fault> {
        self.receive(HEADER).await?;
        let record = match self.record {
            Some(record) => record,
            None => {
                let record = HEADER + self.admit()?;
                self.record = Some(record);
                record
            }
        };
        self.receive(record.min(self.rx.len())).await?;
        if self.rx[0] == ALERT && self.phase != Phase::Hello {
            let description = self.rx[..self.collected].get(HEADER + 1).copied();
            return Err(self.fail(Fault::PlainAlert(description.unwrap_or_default())));
        }
        if self.rx[0] == HANDSHAKE
            && let Err(fault) = hello::check(&self.rx[HEADER..self.collected])
        {
            return Err(self.fail(Fault::Hello(fault)));
        }
        Ok(())
    }

    /// Checks the header in `rx`; returns the length of what follows it.
    fn admit(&mut self) -> Result<usize, Fault> {
        let kind = self.rx[0];
        let length = usize::from(u16::from_be_bytes([self.rx[3], self.rx[4]]));
        let (allowed, range) = match kind {
            // The body of an alert is read for its reason, then refused.
            ALERT => (true, 2..=2),
            HANDSHAKE => (self.phase == Phase::Hello, 1..=MAX_CIPHERTEXT),
            CHANGE_CIPHER_SPEC => (self.phase == Phase::Handshake, 1..=1),
            APPLICATION_DATA => (self.phase != Phase::Hello, MIN_CIPHERTEXT..=MAX_CIPHERTEXT),
            _ => (false, 0..=0),
        };
        if self.phase == Phase::Hello && !(CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&kind) {
            return Err(self.fail(Fault::NotTls(kind)));
        }
        if !allowed {
            return Err(self.fail(Fault::UnexpectedRecord(kind)));
        }
        if !range.contains(&length) {
            return Err(self.fail(Fault::RecordLength(length)));
        }
        if kind == HANDSHAKE {
            self.phase = Phase::Handshake;
        }
        if kind == APPLICATION_DATA {
            let version = [self.rx[1], self.rx[2]];
            if version != VERSION {
                return Err(self.fail(Fault::RecordVersion(u16::from_be_bytes(version))));
            }
            if self.phase == Phase::Established {
                self.rx[1..3].copy_from_slice(&ESTABLISHED);
            }
        }
        Ok(length)
    }

    /// Bytes of the present record. Waits only between records, or within an oversized one.
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if out.is_empty() {
            return Ok(0);
        }
        if self.through > 0 {
            let limit = self.through.min(out.len());
            return match self.io.read(&mut out[..limit]).await {
                Ok(0) => Err(self.fail(Fault::End)),
                Ok(n) => {
                    self.through -= n;
                    Ok(n)
                }
                Err(error) => Err(self.fail(Fault::Transport(error.kind()))),
            };
        }
        if self.handed == 0 {
            if self.phase != Phase::Established {
                // The computations of a handshake take 40 to 80 ms each on a small processor, and
                // its records come together: without a turn for the others between two of them, one
                // wait would be their sum.
                yield_now().await;
            }
            self.collect().await?;
        }
        let rest = &self.rx[self.handed..self.collected];
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        self.handed += n;
        if self.handed == self.collected {
            self.through = self.record.map_or(0, |record| record - self.collected);
            self.record = None;
            self.collected = 0;
            self.handed = 0;
        }
        Ok(n)
    }

    /// Queues what fits; waits only while the queue is full.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        if self.queued == self.tx.len() {
            self.drain().await?;
        }
        let n = bytes.len().min(self.tx.len() - self.queued);
        let queue = &mut self.tx[self.queued..][..n];
        queue.copy_from_slice(&bytes[..n]);
        if self.phase != Phase::Established {
            relabel_alert(queue);
        }
        self.queued += n;
        Ok(n)
    }

    /// Sends what is queued. Dropping this future loses nothing.
    pub(super) async fn drain(&mut self) -> Result<(), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        while self.sent < self.queued {
            match self.io.write(&self.tx[self.sent..self.queued]).await {
                Ok(0) => return Err(self.fail(Fault::End)),
                Ok(n) => self.sent += n,
                Err(error) => return Err(self.fail(Fault::Transport(error.kind()))),
            }
        }
        self.sent = 0;
        self.queued = 0;
        Ok(())
    }

    /// Sends what is queued and waits until it has left the transport.
    pub(super) async fn flush(&mut self) -> Result<(), Fault> {
        self.drain().await?;
        match self.io.flush().await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.fail(Fault::Transport(error.kind()))),
        }
    }
}

/// `embedded-tls` 0.19 labels the alert with which it aborts a handshake as ChangeCipherSpec, so
/// that no server could read the reason. It never sends a ChangeCipherSpec itself.
fn relabel_alert(record: &mut [u8]) {
    if let [kind @ CHANGE_CIPHER_SPEC, 3, minor, 0, 2, _, _] = record {
        *kind = ALERT;
        *minor = 3;
    }
}

/// The wire as `embedded-tls` holds it, while [`Stream`](super::Stream) keeps a hand on it.
#[derive(Debug)]
pub(super) struct Port<'w, 'a, T>(pub(super) &'w RefCell<Wire<'a, T>>);

impl<T> ErrorType for Port<'_, '_, T> {
    type Error = Fault;
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the stream uses the wire only while embedded-tls does not; a second user gets `Busy`"
)]
impl<T: Read + Write> Read for Port<'_, '_, T> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        self.0
            .try_borrow_mut()
            .map_err(|_| Fault::Busy)?
            .read(out)
            .await
    }
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the stream uses the wire only while embedded-tls does not; a second user gets `Busy`"
)]
impl<T: Read + Write> Write for Port<'_, '_, T> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        self.0
            .try_borrow_mut()
            .map_err(|_| Fault::Busy)?
            .write(bytes)
            .await
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        self.0
            .try_borrow_mut()
            .map_err(|_| Fault::Busy)?
            .flush()
            .await
    }
}
