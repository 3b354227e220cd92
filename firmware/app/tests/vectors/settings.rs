//! The settings partition as another machine wrote it: 64-bit writes, 32-bit reads.

use firmware_settings::{
    ApnAuth, DecodeError, Draft, HEADER_SIZE, LogLevel, Settings, decode, encode,
};

/// The partition of [`settings`], without the erased rest.
///
/// `cargo test -p firmware-app --test vectors_on_the_host -- --ignored` writes it anew, after a
/// change of the format.
pub const PARTITION: &[u8] = include_bytes!("settings.bin");

/// Every field filled, none at its default.
pub fn settings() -> Settings {
    let draft = Draft {
        broker_host: "broker.example",
        broker_port: 18883,
        server_name: "mqtt.example",
        ca: &[0x30; 300],
        client_id: "device-7",
        user: "somebody",
        password: "open sesame",
        client_certificate: Some(&[0x30, 0x82, 1]),
        client_key: Some(&[0x30, 0x81, 2]),
        apn: "internet",
        apn_user: "apn-user",
        apn_password: "apn-secret",
        apn_auth: ApnAuth::Chap,
        topic_telemetry: "t/telemetry",
        topic_status: "t/status",
        topic_command: "t/command",
        telemetry_period_s: 17,
        telemetry_queue: 9,
        keep_alive_s: 45,
        sms_number: Some("33600000000"),
        sms_after_s: 7200,
        log_level: LogLevel::Debug,
        uart_baud: 460_800,
        ..Draft::default()
    };
    match draft.build() {
        Ok(settings) => settings,
        Err(error) => panic!("{error}"),
    }
}

/// The bytes read as the settings, and the settings write as the bytes.
pub fn the_partition_means_the_same_everywhere() {
    // Not `assert_eq`: what differs is too long for any log.
    assert!(decode(PARTITION) == Ok(settings()));
    let mut bytes = [0xff; 1024];
    assert_eq!(encode(&settings(), &mut bytes), Ok(PARTITION.len()));
    assert!(bytes[..PARTITION.len()] == *PARTITION);
}

/// `decode` after a change of one byte.
fn damaged(place: usize, value: u8) -> Option<DecodeError> {
    let mut bytes = [0xff; 1024];
    bytes[..PARTITION.len()].copy_from_slice(PARTITION);
    bytes[place] = value;
    decode(&bytes).err()
}

pub fn each_damage_has_its_own_error() {
    assert_eq!(decode(&[0xff; 64]).err(), Some(DecodeError::Absent));
    assert_eq!(
        damaged(0, b'X'),
        Some(DecodeError::BadMagic { found: *b"XSET" })
    );
    assert_eq!(
        damaged(5, 2),
        Some(DecodeError::UnsupportedVersion {
            found: 0x200 | u16::from(PARTITION[4])
        })
    );
    let length = damaged(11, 0xff);
    assert!(matches!(length, Some(DecodeError::LengthOutOfRange { .. })));
    let crc = damaged(HEADER_SIZE + 9, !PARTITION[HEADER_SIZE + 9]);
    assert!(matches!(crc, Some(DecodeError::CrcMismatch { .. })));
}
