//! The vocabulary of faults.

use std::time::Duration;

use super::unit::Rate;

/// One thing that goes wrong, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub effect: Effect,
    /// When.
    pub window: Window,
}

/// A stretch of the world's time, which begins when modem and board are powered up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// The first instant in it.
    pub from: Duration,
    /// The first instant after it; `None`: it does not end.
    pub to: Option<Duration>,
}

impl Window {
    /// Whether `at` lies in it.
    pub fn contains(&self, at: Duration) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// On the UART between device and modem.
    Uart(Way, UartFault),
    /// On the TCP connections between modem and broker.
    Net(NetFault),
    /// At the broker.
    Broker(BrokerFault),
    /// In the modem.
    Modem(ModemFault),
}

/// Which direction of the UART is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the device to the modem.
    ToModem,
    /// From the modem to the device.
    ToDevice,
    /// Both.
    Both,
}

/// What happens to bytes on the UART.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UartFault {
    /// This share of the bytes vanishes.
    Loss(Rate),
    /// This share of the bytes has one bit flipped.
    Corrupt(Rate),
    /// This share of the bytes arrives twice.
    Duplicate(Rate),
    /// So many random bytes appear in a second, on average, whatever else is on the line.
    Noise(u32),
    /// Bytes are held back until the window ends, then follow each other at line rate.
    Stall,
    /// The modem's end runs at this rate, in bits per second.
    Baud(u32),
    /// The ground wire is off: the line reads as zeros without a pause, and nothing else gets
    /// through (MODEM.md T06).
    Zeros,
}

/// What happens to the TCP connections. Bytes are counted for each connection on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetFault {
    /// Everything takes so much longer, one way.
    Latency(Duration),
    /// Everything takes up to so much longer, one way; nothing overtakes.
    Jitter(Duration),
    /// Bytes a second in each direction, at least 1.
    Bandwidth(u32),
    /// Everything waits until the window ends.
    Stall,
    /// The network forgets the connections without a word: nothing arrives at either end. The
    /// modem's TCP gives up after [`KEEP_ALIVE`](super::net::KEEP_ALIVE). New connections get no answer while it lasts.
    HalfOpen,
    /// Connections break when the window begins or, with a count, when that many bytes of the peer
    /// have arrived.
    Reset(Option<u64>),
    /// The peer closes when the window begins or, with a count, after that many of its bytes.
    Close(Option<u64>),
    /// What the peer sends after this many bytes of a connection never arrives.
    Truncate(u64),
    /// This share of the bytes has one bit flipped, in both directions.
    Corrupt(Rate),
    /// New connections are refused.
    Refuse,
    /// Names do not resolve.
    Dns,
}

/// What happens at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerFault {
    /// It goes down when the window begins, and is back, without memory, when it ends.
    Down,
    /// Somebody publishes so many messages of 200 bytes on the device's command topic at once.
    Flood(u32),
    /// It ends the sessions with DISCONNECT and this reason code, then the connections.
    Disconnect(u8),
    /// It sends a packet of a type that does not exist.
    Malformed,
}

/// What happens to the modem itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModemFault {
    /// Its reset pin is pulled when the window begins or, with a count, when it has sent that many
    /// more bytes on the UART. Unsaved settings are lost.
    Reset(Option<u64>),
    /// It has no supply while the window lasts.
    Off,
    /// It stands still, deaf and dumb, until the window ends.
    Stall,
    /// All it sends comes so much later.
    Late(Duration),
}
