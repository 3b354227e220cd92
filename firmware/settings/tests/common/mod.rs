//! Settings to test with.

use firmware_settings::{ApnAuth, Draft, LogLevel, PARTITION_SIZE, Settings, encode};

/// Every field filled, none at its default.
pub(crate) fn full(ca: &[u8]) -> Draft<'_> {
    Draft {
        broker_host: "broker.example",
        broker_port: 18883,
        server_name: "mqtt.example",
        ca,
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
    }
}

/// A partition as it lies in flash.
pub(crate) fn partition(settings: &Settings) -> Vec<u8> {
    let mut bytes = vec![0xFF; PARTITION_SIZE];
    encode(settings, &mut bytes).unwrap();
    bytes
}
