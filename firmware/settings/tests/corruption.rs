//! Every damage is noticed, and named for what it is.

#![expect(clippy::unwrap_used, reason = "a failing test may panic")]

mod common;

use common::{full, partition};
use firmware_settings::{
    DecodeError, HEADER_SIZE, MAGIC, PARTITION_SIZE, Settings, decode, encode,
};
use proptest::prelude::*;

fn settings() -> Settings {
    full(&[0x30; 300]).build().unwrap()
}

fn damaged(change: impl FnOnce(&mut Vec<u8>)) -> DecodeError {
    let mut bytes = partition(&settings());
    change(&mut bytes);
    decode(&bytes).unwrap_err()
}

/// Length and CRC made right for whatever stands in the payload.
fn resealed(payload: &[u8]) -> Vec<u8> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut bytes = MAGIC.to_vec();
    bytes.extend([2, 0, 0, 0]);
    bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    let mut digest = crc.digest();
    digest.update(&bytes);
    digest.update(payload);
    bytes.extend(digest.finalize().to_le_bytes());
    bytes.extend(payload);
    bytes
}

#[test]
fn erased_flash_is_absent() {
    assert_eq!(decode(&[0xFF; PARTITION_SIZE]), Err(DecodeError::Absent));
    assert_eq!(decode(&[]), Err(DecodeError::Absent));
}

#[test]
fn each_kind_of_damage_has_its_own_error() {
    assert_eq!(
        damaged(|bytes| bytes[0] = b'X'),
        DecodeError::BadMagic { found: *b"XSET" }
    );
    assert_eq!(
        decode(&[0; PARTITION_SIZE]),
        Err(DecodeError::BadMagic { found: [0; 4] })
    );
    assert_eq!(
        damaged(|bytes| bytes[4..6].copy_from_slice(&513_u16.to_le_bytes())),
        DecodeError::UnsupportedVersion { found: 513 }
    );
    let limit = PARTITION_SIZE - HEADER_SIZE;
    for length in [0_u32, 8177, u32::MAX] {
        assert_eq!(
            damaged(|bytes| bytes[8..12].copy_from_slice(&length.to_le_bytes())),
            DecodeError::LengthOutOfRange { length, limit }
        );
    }
    assert!(matches!(
        damaged(|bytes| bytes[100] ^= 4),
        DecodeError::CrcMismatch { .. }
    ));
    assert!(matches!(
        damaged(|bytes| bytes[12] ^= 1),
        DecodeError::CrcMismatch { .. }
    ));
    assert_eq!(
        damaged(|bytes| bytes.truncate(9)),
        DecodeError::TooShort { size: 9 }
    );
}

#[test]
fn a_sealed_payload_that_is_no_settings_is_malformed() {
    assert_eq!(decode(&resealed(&[7])), Err(DecodeError::Malformed));
    let mut bytes = partition(&settings());
    let size = encode(&settings(), &mut bytes).unwrap();
    let payload = &bytes[HEADER_SIZE..size];
    assert_eq!(decode(&resealed(payload)), Ok(settings()));
    for cut in 1..payload.len() {
        assert_eq!(
            decode(&resealed(&payload[..cut])),
            Err(DecodeError::Malformed),
            "{cut}"
        );
    }
    let longer = [payload, &[0]].concat();
    assert_eq!(decode(&resealed(&longer)), Err(DecodeError::Malformed));
}

#[test]
fn a_sealed_payload_with_a_field_the_device_cannot_use_names_the_field() {
    let mut bytes = partition(&settings());
    let size = encode(&settings(), &mut bytes).unwrap();
    let mut payload = bytes[HEADER_SIZE..size].to_vec();
    // The host comes first: its length, then its text.
    payload[3] = b'\n';
    let error = decode(&resealed(&payload)).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("settings field broker.host holds a character")
    );
}

#[test]
fn every_single_bit_flip_is_noticed() {
    let valid = settings();
    let mut bytes = partition(&valid);
    let size = encode(&valid, &mut bytes).unwrap();
    for bit in 0..size * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&bytes).is_err(), "bit {bit} flipped unnoticed");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(decode(&bytes), Ok(valid));
}

#[test]
fn the_rest_of_the_partition_does_not_matter() {
    let valid = settings();
    let mut bytes = partition(&valid);
    let size = encode(&valid, &mut bytes).unwrap();
    bytes[size..].fill(0xA5);
    assert_eq!(decode(&bytes), Ok(valid));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn any_sealed_payload_is_read_or_refused(
        payload in prop::collection::vec(any::<u8>(), 1..600),
    ) {
        if let Ok(settings) = decode(&resealed(&payload)) {
            let again = partition(&settings);
            prop_assert_eq!(decode(&again), Ok(settings));
        }
    }

    #[test]
    fn bursts_are_noticed(start in 0_usize..400, burst in prop::collection::vec(1_u8.., 1..=4)) {
        let mut bytes = partition(&settings());
        for (byte, change) in bytes[start..].iter_mut().zip(&burst) {
            *byte ^= change;
        }
        prop_assert!(decode(&bytes).is_err());
    }
}
