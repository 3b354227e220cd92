//! What the front changes in the packets for the device.
//!
//! `rumqttd` and the gate never see it: packets are changed, dropped and inserted where they are
//! released, behind all that is waited for.

use bytes::{Bytes, BytesMut};

use super::facts::PacketKind;
use super::mqtt_tap::Frame;

/// A change to what the device gets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// CONNECT is answered with this reason code and the end of the connection; the broker never
    /// hears of it.
    Refuse(u8),
    /// CONNACK has these properties, as they stand on the wire, in place of the broker's.
    Properties(Vec<u8>),
    /// Packets of this type never arrive.
    Drop(PacketKind),
    /// The first so many PUBACKs carry this reason code.
    PubAckReason {
        /// How many.
        first: usize,
        /// Reason code (MQTT 5, 3.4.2.1).
        code: u8,
    },
    /// The last byte of packets of this type, for example the reason code of a SUBACK.
    LastByte(PacketKind, u8),
    /// These bytes follow the first packet of this type.
    Insert {
        /// Type of the packet they follow.
        after: PacketKind,
        /// As they stand on the wire.
        bytes: Vec<u8>,
        /// Whether the connection ends then.
        close: bool,
    },
    /// Every byte travels in a TLS record of its own.
    ByteByByte,
}

/// Rules for the first connections since the broker was started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meddling {
    /// How many connections.
    pub connections: usize,
    /// What is changed.
    pub rules: Vec<Rule>,
}

/// The rules of one connection.
#[derive(Debug, Default)]
pub(super) struct Meddler {
    rules: Vec<Rule>,
}

/// What the device gets in place of a packet.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// The packet itself, changed or not; `None`: it never arrives.
    pub(super) frame: Option<Frame>,
    /// What follows it.
    pub(super) inserted: Option<Bytes>,
    /// The connection ends here.
    pub(super) close: bool,
}

impl Meddler {
    /// The rules for connection `index`, counted from 0.
    pub(super) fn new(meddling: &Meddling, index: usize) -> Self {
        let meant = index < meddling.connections;
        Self {
            rules: meddling.rules.iter().filter(|_| meant).cloned().collect(),
        }
    }

    /// The reason code with which CONNECT is refused, if it is.
    pub(super) fn refusal(&self) -> Option<u8> {
        self.rules.iter().find_map(|rule| match rule {
            Rule::Refuse(code) => Some(*code),
            _ => None,
        })
    }

    /// How many bytes a TLS record holds at most.
    pub(super) fn record(&self) -> usize {
        if self.rules.contains(&Rule::ByteByByte) {
            1
        } else {
            usize::MAX
        }
    }

    /// What becomes of `frame`.
    pub(super) fn change(&mut self, frame: Frame) -> Changed {
        let kind = frame.kind;
        let mut changed = Changed {
            frame: Some(frame),
            ..Changed::default()
        };
        let mut once = None;
        for (index, rule) in self.rules.iter_mut().enumerate() {
            match rule {
                Rule::PubAckReason { first, code } if kind == PacketKind::PubAck && *first > 0 => {
                    *first -= 1;
                    changed.frame = changed.frame.map(|frame| puback(&frame, *code));
                }
                Rule::Drop(which) if *which == kind => changed.frame = None,
                Rule::Properties(properties) if kind == PacketKind::ConnAck => {
                    changed.frame = changed.frame.map(|frame| connack(&frame, properties));
                }
                Rule::LastByte(which, byte) if *which == kind => {
                    changed.frame = changed.frame.map(|frame| {
                        edited(&frame, |bytes| {
                            if let Some(last) = bytes.last_mut() {
                                *last = *byte;
                            }
                        })
                    });
                }
                Rule::Insert {
                    after,
                    bytes,
                    close,
                } if *after == kind => {
                    changed.inserted = Some(Bytes::copy_from_slice(bytes));
                    changed.close = *close;
                    once = Some(index);
                }
                _ => {}
            }
        }
        if let Some(index) = once {
            self.rules.remove(index);
        }
        changed
    }
}

/// CONNACK that refuses.
pub(super) fn refusing_connack(code: u8) -> Option<Frame> {
    Frame::take(&mut BytesMut::from(&[0x20, 3, 0, code, 0][..]))
        .ok()
        .flatten()
}

/// `frame`, a CONNACK, with other properties.
fn connack(frame: &Frame, properties: &[u8]) -> Frame {
    let body = |at: usize| frame.bytes.get(2 + at).copied().unwrap_or_default();
    let (flags, code) = (body(0), body(1));
    edited(frame, |bytes| {
        bytes.clear();
        bytes.extend([0x20, (3 + properties.len()) as u8, flags, code]);
        bytes.push(properties.len() as u8);
        bytes.extend(properties);
    })
}

/// `frame`, a PUBACK, with a reason code.
fn puback(frame: &Frame, code: u8) -> Frame {
    edited(frame, |bytes| {
        bytes.truncate(4);
        bytes.push(code);
        if let Some(length) = bytes.get_mut(1) {
            *length = 3;
        }
    })
}

/// `frame` after `edit`; as it was if that leaves no whole packet.
fn edited(frame: &Frame, edit: impl FnOnce(&mut Vec<u8>)) -> Frame {
    let mut bytes = frame.bytes.to_vec();
    edit(&mut bytes);
    let mut stream = BytesMut::from(&bytes[..]);
    Frame::take(&mut stream)
        .ok()
        .flatten()
        .unwrap_or_else(|| frame.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meddler(rules: Vec<Rule>) -> Meddler {
        Meddler::new(
            &Meddling {
                connections: 1,
                rules,
            },
            0,
        )
    }

    fn frame(bytes: &[u8]) -> Frame {
        Frame::take(&mut BytesMut::from(bytes)).unwrap().unwrap()
    }

    #[test]
    fn packets_are_changed_dropped_and_followed() {
        let mut meddler = meddler(vec![
            Rule::Properties(vec![0x21, 0, 1]),
            Rule::LastByte(PacketKind::SubAck, 0x87),
            Rule::Drop(PacketKind::PingResp),
            Rule::Insert {
                after: PacketKind::ConnAck,
                bytes: vec![0xe0, 0],
                close: true,
            },
        ]);
        let connack = meddler.change(frame(&[0x20, 3, 0, 0, 0]));
        assert_eq!(
            connack.frame.unwrap().bytes[..],
            [0x20, 6, 0, 0, 3, 0x21, 0, 1]
        );
        assert_eq!(connack.inserted.as_deref(), Some(&[0xe0, 0][..]));
        assert!(connack.close);
        let suback = meddler.change(frame(&[0x90, 4, 0, 1, 0, 1]));
        assert_eq!(suback.frame.unwrap().bytes[..], [0x90, 4, 0, 1, 0, 0x87]);
        assert!(meddler.change(frame(&[0xd0, 0])).frame.is_none());
        let again = meddler.change(frame(&[0x20, 3, 0, 0, 0]));
        assert!(again.inserted.is_none() && !again.close, "inserted once");
    }

    #[test]
    fn the_first_acknowledgements_refuse() {
        let mut meddler = meddler(vec![Rule::PubAckReason {
            first: 1,
            code: 0x97,
        }]);
        let mut changed = |bytes: &[u8]| meddler.change(frame(bytes)).frame.unwrap().bytes;
        assert_eq!(changed(&[0x40, 2, 0, 7])[..], [0x40, 3, 0, 7, 0x97]);
        assert_eq!(changed(&[0x40, 2, 0, 8])[..], [0x40, 2, 0, 8]);
    }

    #[test]
    fn later_connections_are_left_alone() {
        let meddling = Meddling {
            connections: 1,
            rules: vec![Rule::Refuse(0x86)],
        };
        assert_eq!(Meddler::new(&meddling, 0).refusal(), Some(0x86));
        assert_eq!(Meddler::new(&meddling, 1).refusal(), None);
    }
}
