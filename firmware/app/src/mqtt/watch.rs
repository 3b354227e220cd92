//! Watches what `minimq` reads, for what it does not tell.

use core::cell::Cell;

use embassy_time::{Duration, Instant};
use embedded_io_async::{ErrorType, Read, Write};

use super::reason::Reason;

/// What came with the end of a session was read at most this long before: `minimq` handles a
/// packet in the same poll in which it read it.
const SAME_POLL: Duration = Duration::from_millis(500);

const CONNACK: u8 = 2;
const DISCONNECT: u8 = 14;
/// Reason codes from here on are failures (MQTT 5, 2.4).
const FAILURE: u8 = 0x80;

/// When the broker was last heard, and whether it said no.
///
/// `minimq` 0.13 reports a DISCONNECT from the broker and a PINGRESP that did not come in the same
/// words. The former has just been read; the latter is silence.
#[derive(Debug)]
pub(super) struct LastHeard {
    at: Cell<Instant>,
    no: Cell<Option<Reason>>,
}

impl LastHeard {
    pub(super) fn now() -> Self {
        Self {
            at: Cell::new(Instant::now()),
            no: Cell::new(None),
        }
    }

    /// Whether the broker said something in this very poll.
    pub(super) fn just_now(&self) -> bool {
        self.at.get().elapsed() < SAME_POLL
    }

    /// The reason in a CONNACK that refuses, or in a DISCONNECT.
    pub(super) fn no(&self) -> Option<Reason> {
        self.no.get()
    }
}

/// Finds the reason codes in a stream of packets.
#[derive(Debug)]
enum Parser {
    /// The first byte of a packet is due.
    Kind,
    /// The remaining length is due.
    Length { kind: u8, length: u32, shift: u32 },
    /// The rest of the packet is due; `at` bytes of it were there.
    Body { kind: u8, length: u32, at: u32 },
    /// Not MQTT.
    Lost,
}

impl Parser {
    /// Takes a byte; gives the reason that it completes.
    fn take(&mut self, byte: u8) -> Option<Reason> {
        let (next, reason) = match *self {
            Self::Kind => {
                let kind = byte >> 4;
                let next = Self::Length {
                    kind,
                    length: 0,
                    shift: 0,
                };
                (next, None)
            }
            Self::Length { shift: 28.., .. } => (Self::Lost, None),
            Self::Length {
                kind,
                length,
                shift,
            } => {
                let length = length | u32::from(byte & 0x7f) << shift;
                match (byte & 0x80, length) {
                    (0, 0) => (Self::Kind, (kind == DISCONNECT).then_some(Reason(0))),
                    (0, _) => (
                        Self::Body {
                            kind,
                            length,
                            at: 0,
                        },
                        None,
                    ),
                    _ => (
                        Self::Length {
                            kind,
                            length,
                            shift: shift + 7,
                        },
                        None,
                    ),
                }
            }
            Self::Body { kind, length, at } => {
                let reason = match (kind, at) {
                    (DISCONNECT, 0) => Some(Reason(byte)),
                    (CONNACK, 1) if byte >= FAILURE => Some(Reason(byte)),
                    _ => None,
                };
                let at = at + 1;
                let next = if at < length {
                    Self::Body { kind, length, at }
                } else {
                    Self::Kind
                };
                (next, reason)
            }
            Self::Lost => (Self::Lost, None),
        };
        *self = next;
        reason
    }
}

/// A stream that notes when it was last heard, and what it was told.
#[derive(Debug)]
pub(super) struct Watched<'h, IO> {
    io: IO,
    heard: &'h LastHeard,
    parser: Parser,
}

impl<'h, IO> Watched<'h, IO> {
    pub(super) fn new(io: IO, heard: &'h LastHeard) -> Self {
        Self {
            io,
            heard,
            parser: Parser::Kind,
        }
    }
}

impl<IO: ErrorType> ErrorType for Watched<'_, IO> {
    type Error = IO::Error;
}

impl<IO: Read> Read for Watched<'_, IO> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, IO::Error> {
        let n = self.io.read(out).await?;
        self.heard.at.set(Instant::now());
        for byte in &out[..n] {
            if let Some(reason) = self.parser.take(*byte) {
                self.heard.no.set(Some(reason));
            }
        }
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

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    fn reasons(bytes: &[u8]) -> Vec<u8> {
        let mut parser = Parser::Kind;
        bytes
            .iter()
            .filter_map(|byte| parser.take(*byte))
            .map(|reason| reason.0)
            .collect()
    }

    #[test]
    fn reasons_are_found_between_other_packets() {
        let mut stream = Vec::from([0x20, 3, 0, 0, 0, 0x90, 4, 0, 1, 0, 1, 0xd0, 0]);
        stream.extend([0x30, 0x83, 0x01, 0, 1]);
        stream.resize(stream.len() + 129, 0xe0);
        stream.extend([0xe0, 2, 0x8b, 0]);
        assert_eq!(reasons(&stream), [0x8b]);
        assert_eq!(reasons(&[0x20, 3, 0, 0x8a, 0]), [0x8a]);
        assert_eq!(reasons(&[0xe0, 0]), [0]);
    }

    #[test]
    fn what_is_no_mqtt_is_left_alone() {
        assert_eq!(
            reasons(&[0x30, 0xff, 0xff, 0xff, 0xff, 0x01, 0xe0, 1, 0x8b]),
            []
        );
    }
}
