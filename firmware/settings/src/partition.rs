//! The settings as they lie in flash.
//!
//! | offset | size | what |
//! |---|---|---|
//! | 0 | 4 | [`MAGIC`] |
//! | 4 | 2 | [`FORMAT_VERSION`], little endian, like all numbers |
//! | 6 | 2 | reserved, zero |
//! | 8 | 4 | length of the payload in bytes |
//! | 12 | 4 | CRC-32 (ISO-HDLC) of bytes 0 to 11 and of the payload |
//! | 16 | length | [`Settings`] in `postcard` |
//!
//! The rest of the partition does not matter; it is `FF` after an erase.

use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};
use thiserror::Error;

use crate::settings::limits;
use crate::{FieldError, Settings};

/// Size of the flash partition in bytes: two sectors of 4096.
pub const PARTITION_SIZE: usize = 8192;

/// First bytes of a partition that holds settings.
pub const MAGIC: [u8; 4] = *b"HSET";

/// Version of the payload that this build reads and writes.
pub const FORMAT_VERSION: u16 = 2;

/// Bytes in front of the payload.
pub const HEADER_SIZE: usize = 16;

/// No valid settings take more than this, header included: all texts at their limits, two bytes
/// of length for each of fourteen, and five bytes for each of eleven numbers and choices.
pub const MAX_ENCODED_SIZE: usize = HEADER_SIZE
    + limits::HOST
    + limits::SERVER_NAME
    + 2 * limits::CERTIFICATE
    + limits::KEY
    + limits::CLIENT_ID
    + limits::USER
    + limits::PASSWORD
    + 3 * limits::APN
    + 3 * limits::TOPIC
    + limits::SMS_NUMBER
    + 14 * 2
    + 11 * 5;

const _: () = assert!(
    MAX_ENCODED_SIZE <= PARTITION_SIZE,
    "the largest settings must fit"
);
const _: () = assert!(
    PARTITION_SIZE.is_multiple_of(4096),
    "flash is erased in sectors of 4096"
);

const CRC_OFFSET: usize = 12;
const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// The settings cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A field cannot be used as it is.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The buffer ends before the settings do.
    #[error(
        "a buffer of {available} bytes is too small for these settings: give it PARTITION_SIZE \
         ({PARTITION_SIZE}) bytes"
    )]
    BufferTooSmall {
        /// Size of the buffer, in bytes.
        available: usize,
    },
}

/// The partition holds no settings that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Erased flash: nothing was ever written.
    #[error("no settings: the partition is erased; provision the device")]
    Absent,
    /// The partition cannot hold even the header.
    #[error("a settings partition of {size} bytes is too small, {HEADER_SIZE} is the least")]
    TooShort {
        /// Size of the partition, in bytes.
        size: usize,
    },
    /// Something else was written here.
    #[error("settings damaged: magic is {found:02x?}, expected {MAGIC:02x?}")]
    BadMagic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// Written by a tool of another version.
    #[error("settings have format version {found}, this firmware reads {FORMAT_VERSION}")]
    UnsupportedVersion {
        /// Version in the header.
        found: u16,
    },
    /// The length in the header cannot be.
    #[error("settings damaged: length {length} is not within 1 to {limit}")]
    LengthOutOfRange {
        /// Payload length in the header, in bytes.
        length: u32,
        /// Longest payload this partition can hold, in bytes.
        limit: usize,
    },
    /// Header or payload changed after they were written.
    #[error("settings damaged: CRC-32 is {found:08x}, the header says {expected:08x}")]
    CrcMismatch {
        /// CRC in the header.
        expected: u32,
        /// CRC of the bytes as they are.
        found: u32,
    },
    /// The CRC is right and the payload is still no settings.
    #[error("settings malformed: the payload cannot be read in format version {FORMAT_VERSION}")]
    Malformed,
    /// The payload is settings that the device cannot use.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Writes `settings` with its header into the front of `out` and returns the number of bytes.
///
/// # Errors
/// [`EncodeError::Field`] names the field; [`EncodeError::BufferTooSmall`] cannot happen with
/// [`PARTITION_SIZE`] bytes.
pub fn encode(settings: &Settings, out: &mut [u8]) -> Result<usize, EncodeError> {
    settings.check()?;
    let too_small = EncodeError::BufferTooSmall {
        available: out.len(),
    };
    let (header, payload) = out
        .split_first_chunk_mut::<HEADER_SIZE>()
        .ok_or(too_small)?;
    // Serialising texts and numbers can fail in one way only: the slice is full.
    let payload = postcard::to_slice(settings, payload).map_err(|_| too_small)?;
    let length = u32::try_from(payload.len()).map_err(|_| too_small)?;

    header[0..4].copy_from_slice(&MAGIC);
    header[4..6].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    header[6..8].fill(0);
    header[8..12].copy_from_slice(&length.to_le_bytes());
    let crc = checksum(&header[..CRC_OFFSET], payload);
    header[CRC_OFFSET..].copy_from_slice(&crc.to_le_bytes());
    Ok(HEADER_SIZE + payload.len())
}

/// Reads the settings from the bytes of the partition. Bytes behind the payload are ignored.
///
/// # Errors
/// One [`DecodeError`] per kind of damage.
pub fn decode(partition: &[u8]) -> Result<Settings, DecodeError> {
    if partition.iter().all(|byte| *byte == 0xFF) {
        return Err(DecodeError::Absent);
    }
    let (header, rest) =
        partition
            .split_first_chunk::<HEADER_SIZE>()
            .ok_or(DecodeError::TooShort {
                size: partition.len(),
            })?;
    let [m0, m1, m2, m3, v0, v1, _, _, l0, l1, l2, l3, c0, c1, c2, c3] = *header;

    let found = [m0, m1, m2, m3];
    if found != MAGIC {
        return Err(DecodeError::BadMagic { found });
    }
    let found = u16::from_le_bytes([v0, v1]);
    if found != FORMAT_VERSION {
        return Err(DecodeError::UnsupportedVersion { found });
    }
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    let payload = usize::try_from(length)
        .ok()
        .filter(|length| *length > 0)
        .and_then(|length| rest.get(..length))
        .ok_or(DecodeError::LengthOutOfRange {
            length,
            limit: rest.len(),
        })?;

    let expected = u32::from_le_bytes([c0, c1, c2, c3]);
    let found = checksum(&header[..CRC_OFFSET], payload);
    if found != expected {
        return Err(DecodeError::CrcMismatch { expected, found });
    }
    let (settings, unread) =
        postcard::take_from_bytes::<Settings>(payload).map_err(|_| DecodeError::Malformed)?;
    if !unread.is_empty() {
        return Err(DecodeError::Malformed);
    }
    settings.check()?;
    Ok(settings)
}

fn checksum(header: &[u8], payload: &[u8]) -> u32 {
    let mut digest: Digest<'_, u32, Table<1>> = CRC.digest();
    digest.update(header);
    digest.update(payload);
    digest.finalize()
}
