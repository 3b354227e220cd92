//! Watches when the broker was last heard.

use core::cell::Cell;

use embassy_time::{Duration, Instant};
use embedded_io_async::{ErrorType, Read, Write};

/// What came with the end of a session was read at most this long before: `minimq` handles a
/// packet in the same poll in which it read it.
const SAME_POLL: Duration = Duration::from_millis(500);

/// Instant of the last received byte.
///
/// `minimq` 0.13 reports a DISCONNECT from the broker and a PINGRESP that did not come in the same
/// words. The former has just been read; the latter is silence.
#[derive(Debug)]
pub(super) struct LastHeard(Cell<Instant>);

impl LastHeard {
    pub(super) fn now() -> Self {
        Self(Cell::new(Instant::now()))
    }

    /// Whether the broker said something in this very poll.
    pub(super) fn just_now(&self) -> bool {
        self.0.get().elapsed() < SAME_POLL
    }
}

/// A stream that notes when it was last heard.
#[derive(Debug)]
pub(super) struct Watched<'h, IO> {
    io: IO,
    heard: &'h LastHeard,
}

impl<'h, IO> Watched<'h, IO> {
    pub(super) fn new(io: IO, heard: &'h LastHeard) -> Self {
        Self { io, heard }
    }
}

impl<IO: ErrorType> ErrorType for Watched<'_, IO> {
    type Error = IO::Error;
}

impl<IO: Read> Read for Watched<'_, IO> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, IO::Error> {
        let n = self.io.read(out).await?;
        self.heard.0.set(Instant::now());
        Ok(n)
    }
}

impl<IO: Write> Write for Watched<'_, IO> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, IO::Error> {
        self.io.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), IO::Error> {
        self.io.flush().await
    }
}
