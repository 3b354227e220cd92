//! The record layer of TLS 1.3 (RFC 8446, section 5).

use super::key_schedule::RecordKeys;

/// Content types (5.1).
pub(crate) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const APPLICATION_DATA: u8 = 23;

/// Largest record body a peer may send: 2^14 and 256 bytes of expansion (5.2).
const MAX_BODY: usize = (1 << 14) + 256;

/// One record as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) header: [u8; 5],
    pub(crate) body: Vec<u8>,
}

impl Record {
    pub(crate) fn content_type(&self) -> u8 {
        self.header[0]
    }

    /// Takes the next record off the front of `stream`. `Err` if it is longer than allowed.
    pub(crate) fn take(stream: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let Some(header) = stream.first_chunk::<5>().copied() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if length > MAX_BODY {
            return Err(format!(
                "a record of {length} bytes, at most {MAX_BODY} are allowed"
            ));
        }
        if stream.len() < 5 + length {
            return Ok(None);
        }
        let body = stream[5..5 + length].to_vec();
        stream.drain(..5 + length);
        Ok(Some(Self { header, body }))
    }

    /// Decrypts with `keys`; gives the inner content type and content (5.2).
    pub(crate) fn open(self, keys: &mut RecordKeys) -> Option<(u8, Vec<u8>)> {
        let mut body = self.body;
        if !keys.open(&self.header, &mut body) {
            return None;
        }
        let end = body.iter().rposition(|byte| *byte != 0)?;
        let inner = body[end];
        body.truncate(end);
        Some((inner, body))
    }
}

fn header(content_type: u8, length: usize) -> [u8; 5] {
    let [high, low] = (length as u16).to_be_bytes();
    [content_type, 3, 3, high, low]
}

/// Appends a record in the clear.
pub(crate) fn plain(content_type: u8, content: &[u8], output: &mut Vec<u8>) {
    output.extend(header(content_type, content.len()));
    output.extend(content);
}

/// Appends an encrypted record.
pub(crate) fn sealed(
    content_type: u8,
    content: &[u8],
    keys: &mut RecordKeys,
    output: &mut Vec<u8>,
) {
    padded(content_type, content, 0, keys, output);
}

/// Appends an encrypted record with `padding` bytes of zeros (5.4).
pub(crate) fn padded(
    content_type: u8,
    content: &[u8],
    padding: usize,
    keys: &mut RecordKeys,
    output: &mut Vec<u8>,
) {
    let mut body = content.to_vec();
    body.push(content_type);
    body.resize(body.len() + padding, 0);
    let header = header(APPLICATION_DATA, body.len() + super::key_schedule::TAG);
    keys.seal(&header, &mut body);
    output.extend(header);
    output.extend(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_cut_from_any_stream() {
        let mut wire = Vec::new();
        plain(HANDSHAKE, b"abc", &mut wire);
        plain(ALERT, &[2, 40], &mut wire);
        let mut stream = Vec::new();
        let mut found = Vec::new();
        for byte in wire {
            stream.push(byte);
            while let Some(record) = Record::take(&mut stream).unwrap() {
                found.push((record.content_type(), record.body));
            }
        }
        assert_eq!(found, [(HANDSHAKE, b"abc".to_vec()), (ALERT, vec![2, 40])]);
    }

    #[test]
    fn a_record_that_is_too_long_is_refused() {
        let mut stream = vec![23, 3, 3, 0xff, 0xff];
        assert!(Record::take(&mut stream).unwrap_err().contains("65535"));
    }
}
