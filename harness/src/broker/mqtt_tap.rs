//! Reads the MQTT packets that pass through the front, without changing a byte of them.

use bytes::{Buf, Bytes, BytesMut};
use rumqttc::v5::mqttbytes::v5::Packet;

use super::facts::PacketKind;

/// One whole MQTT packet as it stands on the wire.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// Packet type, from the first byte.
    pub(super) kind: PacketKind,
    /// All of it, fixed header included.
    pub(super) bytes: Bytes,
    header: usize,
}

/// The remaining-length field runs over four bytes (MQTT 5, 1.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MalformedLength;

impl Frame {
    /// Takes the next whole packet off the front of `stream`, `None` if it is not complete yet.
    pub(super) fn take(stream: &mut BytesMut) -> Result<Option<Self>, MalformedLength> {
        let Some((&first, rest)) = stream.split_first() else {
            return Ok(None);
        };
        let mut remaining = 0_usize;
        for (index, &byte) in rest.iter().take(4).enumerate() {
            remaining |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let header = 2 + index;
                if stream.len() < header + remaining {
                    return Ok(None);
                }
                let bytes = stream.split_to(header + remaining).freeze();
                return Ok(Some(Self {
                    kind: kind(first),
                    bytes,
                    header,
                }));
            }
        }
        if rest.len() >= 4 {
            Err(MalformedLength)
        } else {
            Ok(None)
        }
    }

    /// The packet identifier, for the types that carry one.
    pub(super) fn packet_id(&self) -> Option<u16> {
        let mut body = &self.bytes[self.header..];
        match self.kind {
            PacketKind::Publish => {
                if self.bytes[0] & 0b0110 == 0 {
                    return None;
                }
                let topic = usize::from(read_u16(body)?);
                body = body.get(2 + topic..)?;
                read_u16(body)
            }
            PacketKind::PubAck
            | PacketKind::PubRec
            | PacketKind::PubRel
            | PacketKind::PubComp
            | PacketKind::Subscribe
            | PacketKind::SubAck
            | PacketKind::Unsubscribe
            | PacketKind::UnsubAck => read_u16(body),
            _ => None,
        }
    }

    /// Decodes the whole packet; the error is the codec's own words.
    pub(super) fn decode(&self) -> Result<Packet, String> {
        let mut stream = BytesMut::from(&self.bytes[..]);
        Packet::read(&mut stream, None).map_err(|error| error.to_string())
    }
}

fn read_u16(mut bytes: &[u8]) -> Option<u16> {
    (bytes.len() >= 2).then(|| bytes.get_u16())
}

fn kind(first: u8) -> PacketKind {
    match first >> 4 {
        1 => PacketKind::Connect,
        2 => PacketKind::ConnAck,
        3 => PacketKind::Publish,
        4 => PacketKind::PubAck,
        5 => PacketKind::PubRec,
        6 => PacketKind::PubRel,
        7 => PacketKind::PubComp,
        8 => PacketKind::Subscribe,
        9 => PacketKind::SubAck,
        10 => PacketKind::Unsubscribe,
        11 => PacketKind::UnsubAck,
        12 => PacketKind::PingReq,
        13 => PacketKind::PingResp,
        14 => PacketKind::Disconnect,
        15 => PacketKind::Auth,
        _ => PacketKind::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8], chunk: usize) -> Vec<(PacketKind, Option<u16>, usize)> {
        let mut stream = BytesMut::new();
        let mut found = Vec::new();
        for part in bytes.chunks(chunk) {
            stream.extend_from_slice(part);
            while let Some(frame) = Frame::take(&mut stream).unwrap() {
                found.push((frame.kind, frame.packet_id(), frame.bytes.len()));
            }
        }
        found
    }

    #[test]
    fn packets_are_found_however_the_stream_is_cut() {
        let mut bytes = vec![0xc0, 0x00, 0x40, 0x02, 0x01, 0x02];
        bytes.extend([0x32, 0x88, 0x01, 0x00, 0x03, b'a', b'/', b'b', 0x12, 0x34]);
        bytes.resize(bytes.len() + 0x88 - 7, b'x');
        let expected = [
            (PacketKind::PingReq, None, 2),
            (PacketKind::PubAck, Some(0x0102), 4),
            (PacketKind::Publish, Some(0x1234), 3 + 0x88),
        ];
        for chunk in [1, 2, 3, 7, 1000] {
            assert_eq!(frames(&bytes, chunk), expected, "cut every {chunk} bytes");
        }
    }

    #[test]
    fn a_length_of_five_bytes_is_malformed() {
        let mut stream = BytesMut::from(&[0x30, 0x80, 0x80, 0x80, 0x80, 0x01][..]);
        assert_eq!(Frame::take(&mut stream).unwrap_err(), MalformedLength);
        let mut stream = BytesMut::from(&[0x30, 0x80, 0x80, 0x80][..]);
        assert!(Frame::take(&mut stream).unwrap().is_none());
    }

    #[test]
    fn a_truncated_publish_has_no_identifier() {
        let mut stream = BytesMut::from(&[0x32, 0x02, 0xff, 0xff][..]);
        assert_eq!(Frame::take(&mut stream).unwrap().unwrap().packet_id(), None);
    }
}
