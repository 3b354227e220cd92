//! The transparent byte pipe to the broker.

use embedded_io_async::{ErrorType, Read, Write};

use crate::platform::ModemUart;

/// How the banners from the factory start: both of the module, and that of its sibling in a box
/// (MODEM.md 3.1). The first byte of each occurs nowhere else in it, so a mismatch never hides a
/// start in the middle.
const BANNERS: [&[u8]; 2] = [b"WH-LTE-7S1", b"USR-DR154"];

/// Looks for the modem's banner in the stream of the peer.
///
/// A restart of the modem ends the connection without any other sign (MODEM.md 4.4). Ciphertext
/// holds the shorter one by accident once in 2^72.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RestartWatch {
    /// How many bytes of each banner were seen just now.
    matched: [usize; BANNERS.len()],
    restarted: bool,
}

impl RestartWatch {
    pub(super) const fn new() -> Self {
        Self {
            matched: [0; BANNERS.len()],
            restarted: false,
        }
    }

    pub(super) const fn restarted(&self) -> bool {
        self.restarted
    }

    pub(super) fn see(&mut self, bytes: &[u8]) {
        for byte in bytes {
            for (banner, matched) in BANNERS.iter().zip(&mut self.matched) {
                if banner.get(*matched) == Some(byte) {
                    *matched += 1;
                } else {
                    *matched = usize::from(banner.first() == Some(byte));
                }
                if *matched == banner.len() {
                    self.restarted = true;
                    *matched = 0;
                }
            }
        }
    }
}

/// The TCP connection of the modem's socket A, as a byte stream.
///
/// It is what the UART is while the modem is in transparent mode. When the modem restarts by
/// itself, its banner is in the stream: from then on reads report the end of the stream.
#[derive(Debug)]
pub struct Transport<'a, U> {
    pub(super) uart: &'a mut U,
    pub(super) pending: &'a mut Option<u8>,
    pub(super) watch: &'a mut RestartWatch,
}

impl<U: ErrorType> ErrorType for Transport<'_, U> {
    type Error = U::Error;
}

impl<U: Read> Read for Transport<'_, U> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        if self.watch.restarted() {
            return Ok(0);
        }
        let count = match (buffer.first_mut(), self.pending.take()) {
            (None, pending) => {
                *self.pending = pending;
                return Ok(0);
            }
            (Some(first), Some(byte)) => {
                *first = byte;
                1
            }
            (Some(_), None) => self.uart.read(buffer).await?,
        };
        self.watch.see(&buffer[..count]);
        if self.watch.restarted() {
            warn!("modem: restarted by itself, the connection is gone");
            return Ok(0);
        }
        Ok(count)
    }
}

impl<U: Write> Write for Transport<'_, U> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.uart.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.uart.flush().await
    }
}

impl<U: ModemUart> ModemUart for Transport<'_, U> {
    fn overruns(&self) -> u32 {
        self.uart.overruns()
    }
}
