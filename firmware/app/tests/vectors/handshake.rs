//! A TLS handshake that was recorded once, and can be repeated without a server: the client's
//! randomness is fixed, so it asks and answers the same each time.
//!
//! `cargo test -p firmware-app --test tls_replay -- --ignored` records it anew.

use core::convert::Infallible;
use core::future::pending;

use embedded_io_async::{ErrorType, Read, Write};
use rand_core::{CryptoRng, Error, RngCore};

/// The name that the server's certificate is for.
pub const NAME: &str = "broker.example";
/// An instant within the certificate's validity: 2026-06-01T00:00:00Z.
pub const NOW: u64 = 1_780_272_000;
/// The authority's certificate (DER, P-256).
pub const CA: &[u8] = include_bytes!("handshake/ca.der");
/// The server's certificate (DER, P-256), signed by [`CA`].
pub const LEAF: &[u8] = include_bytes!("handshake/leaf.der");
/// What the server answers to the ClientHello, as records: ServerHello, ChangeCipherSpec, and
/// encrypted the rest of its flight.
pub const SERVER: &[u8] = include_bytes!("handshake/server.bin");

/// The client's randomness: xorshift64* from a fixed seed. Its keys are known to every reader.
#[derive(Debug, Clone)]
pub struct FixedRng(u64);

impl FixedRng {
    /// Starts the sequence.
    pub const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl RngCore for FixedRng {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for chunk in dest.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for FixedRng {}

/// The line to the recorded server. All its bytes are there at once, as they are when the client
/// has computed for longer than the line took.
#[derive(Debug)]
pub struct Replay {
    rest: &'static [u8],
    /// Bytes that the client sent.
    pub sent: usize,
}

impl Replay {
    /// From the start.
    pub const fn new() -> Self {
        Self {
            rest: SERVER,
            sent: 0,
        }
    }
}

impl ErrorType for Replay {
    type Error = Infallible;
}

impl Read for Replay {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        if self.rest.is_empty() && !buf.is_empty() {
            pending::<()>().await;
        }
        self.rest.read(buf).await
    }
}

impl Write for Replay {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        self.sent += buf.len();
        Ok(buf.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
