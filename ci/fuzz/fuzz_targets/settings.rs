//! Any partition is read or refused, and what is read can be written and read again.
#![no_main]

use firmware_settings::{
    FORMAT_VERSION, HEADER_SIZE, MAGIC, MAX_ENCODED_SIZE, PARTITION_SIZE, decode, encode,
};
use libfuzzer_sys::fuzz_target;

/// Makes a valid header for `payload`: a blind search finds no CRC.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend([0; 2]);
    bytes.extend((payload.len() as u32).to_le_bytes());
    let mut digest = crc.digest();
    digest.update(&bytes);
    digest.update(payload);
    bytes.extend(digest.finalize().to_le_bytes());
    assert_eq!(bytes.len(), HEADER_SIZE);
    bytes.extend(payload);
    bytes
}

fn check(partition: &[u8]) {
    match decode(partition) {
        Ok(settings) => {
            let mut bytes = [0xFF; PARTITION_SIZE];
            let size = encode(&settings, &mut bytes).expect("what was read can be written");
            assert!(size <= MAX_ENCODED_SIZE);
            assert_eq!(decode(&bytes).as_ref(), Ok(&settings));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fuzz_target!(|data: &[u8]| {
    check(data);
    check(&sealed(data));
});
