//! Reason codes of the broker, as people say them.

use core::fmt;

/// A reason code of CONNACK, DISCONNECT or PUBACK (MQTT 5, 2.4), as it stands on the wire: `minimq` 0.13
/// does not know all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason(pub u8);

impl Reason {
    /// Whether it may pass by itself. All others need somebody to do something: a password, a
    /// right, another client with the same identifier.
    pub const fn is_transient(self) -> bool {
        matches!(
            self.0,
            0x00 | 0x80..=0x83 | 0x88 | 0x89 | 0x8b | 0x8d | 0x93 | 0x96 | 0x97 | 0x9f | 0xa0
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.0 {
            0x00 => "no reason given",
            0x80 => "unspecified error",
            0x81 => "malformed packet",
            0x82 => "protocol error",
            0x84 => "MQTT 5 is not supported",
            0x85 => "client identifier not valid",
            0x86 => "bad user or password: check user and password",
            0x87 => "not authorised: the user lacks the right",
            0x88 => "server unavailable",
            0x89 => "server busy",
            0x8a => "banned",
            0x8b => "server shutting down",
            0x8d => "keep-alive timeout",
            0x8e => "session taken over: another client uses this client identifier",
            0x90 => "topic not valid: check the topics",
            0x93 => "receive maximum exceeded",
            0x95 => "packet too large",
            0x96 => "message rate too high",
            0x97 => "quota exceeded",
            0x98 => "administrative action",
            0x99 => "payload format not valid",
            0x9c | 0x9d => "use another server: change broker.host",
            0x9f => "connection rate exceeded",
            0xa0 => "maximum connect time",
            _ => "unknown reason",
        };
        write!(f, "{words} ({:#04x})", self.0)
    }
}
