//! Names TLS records in a byte stream (RFC 8446 section 5.1).

/// Length of a record's header: type, version, length.
const HEADER: usize = 5;

/// Longest fragment a record may carry (RFC 8446 section 5.2).
const MAX_FRAGMENT: usize = 16_384 + 256;

/// What stands at the front of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    /// A complete record of this many bytes.
    Record(usize),
    /// The beginning of a record of this many bytes in all, or of a header (0).
    Partial(usize),
    /// Something else.
    Other,
}

/// Looks at the front of `bytes`, which must not be empty.
pub(super) fn front(bytes: &[u8]) -> Front {
    if !matches!(bytes.first(), Some(20..=23)) || bytes.get(1).is_some_and(|major| *major != 3) {
        return Front::Other;
    }
    let Some(length) = bytes.get(3..HEADER) else {
        return Front::Partial(0);
    };
    let fragment = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if fragment > MAX_FRAGMENT {
        return Front::Other;
    }
    let total = HEADER + fragment;
    if bytes.len() < total {
        Front::Partial(total)
    } else {
        Front::Record(total)
    }
}

/// A record in words, with its length including the header.
pub(super) fn describe(record: &[u8]) -> String {
    let kind = match (record.first(), record.get(HEADER)) {
        (Some(20), _) => "change cipher spec",
        (Some(21), _) => "alert",
        (Some(22), Some(1)) => "handshake ClientHello",
        (Some(22), Some(2)) => "handshake ServerHello",
        (Some(22), _) => "handshake",
        _ => "application data",
    };
    format!("TLS {kind}, {} bytes", record.len())
}
