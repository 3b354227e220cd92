//! A front without TLS: the port 1883 of a broker.

use super::facts::TlsFacts;
use super::tls::{TlsServer, note_plaintext};

/// Passes bytes on as they are.
#[derive(Default)]
pub(super) struct PlainServer {
    plaintext: Vec<u8>,
    output: Vec<u8>,
    facts: TlsFacts,
}

impl TlsServer for PlainServer {
    fn receive(&mut self, bytes: &[u8]) -> bool {
        note_plaintext(&mut self.facts, bytes);
        self.plaintext.extend_from_slice(bytes);
        true
    }

    fn take_plaintext(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plaintext)
    }

    fn send(&mut self, plaintext: &[u8]) {
        self.output.extend_from_slice(plaintext);
    }

    fn close(&mut self) {}

    fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn facts(&self) -> &TlsFacts {
        &self.facts
    }

    fn device_closed(&self) -> bool {
        false
    }
}
