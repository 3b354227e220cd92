//! All large buffers of the application.

use crate::telemetry::Queue;

/// Largest record a server may send, header included (RFC 8446, 5.2).
const TLS_READ: usize = 16_640;
/// The largest handshake message the device sends is a client certificate, 2048 bytes.
const TLS_WRITE: usize = 4096;
/// Records up to this size can be received while timers run, see [`Wire`](crate::tls::Wire):
/// several of the largest packets that the broker may send ([`MQTT_RX`]).
const WIRE_RX: usize = 4096;
/// Largest record that is sent after the handshake, and its packet with room to spare.
const WIRE_TX: usize = 2048;
/// Largest packet from the broker; it is told so in CONNECT.
const MQTT_RX: usize = 1024;
/// CONNECT (about 500 bytes at the limits of the settings), and all that is in flight: four samples,
/// a status, a subscription.
const MQTT_TX: usize = 3072;

/// The buffers of [`run`](crate::run), about 37 KB. `const`, so that a board can put them into a
/// static.
#[derive(Debug)]
pub struct Memory {
    pub(crate) buffers: Buffers,
    pub(crate) queue: Queue,
}

#[derive(Debug)]
pub(crate) struct Buffers {
    pub(crate) tls_read: [u8; TLS_READ],
    pub(crate) tls_write: [u8; TLS_WRITE],
    pub(crate) wire_rx: [u8; WIRE_RX],
    pub(crate) wire_tx: [u8; WIRE_TX],
    pub(crate) mqtt_rx: [u8; MQTT_RX],
    pub(crate) mqtt_tx: [u8; MQTT_TX],
}

impl Memory {
    /// Buffers full of zeros and an empty queue.
    pub const fn new() -> Self {
        Self {
            buffers: Buffers {
                tls_read: [0; TLS_READ],
                tls_write: [0; TLS_WRITE],
                wire_rx: [0; WIRE_RX],
                wire_tx: [0; WIRE_TX],
                mqtt_rx: [0; MQTT_RX],
                mqtt_tx: [0; MQTT_TX],
            },
            queue: Queue::new(),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
