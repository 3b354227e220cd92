//! The configuration as the firmware holds it.

use heapless::String;
use serde::{Deserialize, Serialize};

use crate::{Der, Secret};

/// Largest sizes, in bytes, and the ranges of the numbers.
///
/// Changing a text limit does not change the partition format; removing or reordering a field
/// does, and needs a new [`FORMAT_VERSION`](crate::FORMAT_VERSION).
pub mod limits {
    use core::ops::RangeInclusive;

    /// `broker.host`: the modem's `AT+SOCKA` takes 1 to 100 bytes (MODEM.md 3.4).
    pub const HOST: usize = 100;
    /// `broker.server_name`: the longest DNS name in text form (RFC 1035, 2.3.4).
    pub const SERVER_NAME: usize = 253;
    /// `broker.ca` and `identity.certificate`, in DER.
    pub const CERTIFICATE: usize = 2048;
    /// `identity.key`, in DER: a P-256 key in PKCS#8 takes about 140 bytes.
    pub const KEY: usize = 256;
    /// `login.client_id`: servers must accept 23 bytes and may accept more (MQTT 5, 3.1.3.1).
    pub const CLIENT_ID: usize = 64;
    /// `login.user`.
    pub const USER: usize = 64;
    /// `login.password`.
    pub const PASSWORD: usize = 128;
    /// Each text of `apn`: 0 to 50 bytes (MODEM.md 3.2).
    pub const APN: usize = 50;
    /// Each text of `topics`.
    pub const TOPIC: usize = 96;
    /// `sms.number`: the modem's `AT+DSTNUM` takes 1 to 20 bytes (MODEM.md 3.7).
    pub const SMS_NUMBER: usize = 20;
    /// `telemetry.period_s`, in seconds: up to one day.
    pub const PERIOD_S: RangeInclusive<u32> = 1..=86_400;
    /// `telemetry.queue`, in samples. The build may hold fewer.
    pub const QUEUE: RangeInclusive<u32> = 1..=1024;
    /// `keep_alive_s`, in seconds; the field is 16 bits wide in CONNECT (MQTT 5, 3.1.2.10).
    pub const KEEP_ALIVE_S: RangeInclusive<u32> = 5..=65_535;
    /// `broker.port`.
    pub const PORT: RangeInclusive<u32> = 1..=65_535;
    /// `uart_baud`, in bits per second: the range of the modem's `AT+UART` (MODEM.md 3.3).
    pub const UART_BAUD: RangeInclusive<u32> = 1_200..=921_600;
    /// `sms.after_s`, in seconds: up to thirty days.
    pub const SMS_AFTER_S: RangeInclusive<u32> = 60..=2_592_000;
}

/// Everything a device is told before it runs.
///
/// Build one from a [`Draft`](crate::Draft), which checks every limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where to connect, and whom to trust there.
    pub broker: Broker,
    /// Who the device is for the broker.
    pub login: Login,
    /// Certificate and key for mutual TLS, where the broker wants them.
    pub identity: Option<ClientIdentity>,
    /// Access point of the mobile network.
    pub apn: Apn,
    /// MQTT topics.
    pub topics: Topics,
    /// Sampling.
    pub telemetry: Telemetry,
    /// MQTT keep-alive in seconds, 5 to 65535.
    pub keep_alive_s: u16,
    /// Which modem is fitted.
    pub modem: ModemProfile,
    /// Alert by SMS after a long outage; `None` = never.
    pub sms: Option<SmsAlert>,
    /// Least important log line that is written.
    pub log_level: LogLevel,
    /// Line rate of the modem's UART in bits per second, 1200 to 921600, 8N1. The modem must have
    /// the same one stored (`AT+UART`); 115200 from the factory.
    pub uart_baud: u32,
}

/// The MQTT broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broker {
    /// Name or address the modem connects to, 1 to 100 bytes.
    pub host: String<{ limits::HOST }>,
    /// TCP port, 1 to 65535.
    pub port: u16,
    /// Name sent as SNI and expected in the server's certificate, 1 to 253 bytes.
    pub server_name: String<{ limits::SERVER_NAME }>,
    /// Certificate of the one authority that is trusted, DER, 1 to 2048 bytes.
    pub ca: Der<{ limits::CERTIFICATE }>,
}

/// Identity towards the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// MQTT client identifier, 1 to 64 bytes.
    pub client_id: String<{ limits::CLIENT_ID }>,
    /// User name, up to 64 bytes; empty = none is sent.
    pub user: String<{ limits::USER }>,
    /// Password, up to 128 bytes.
    pub password: Secret<String<{ limits::PASSWORD }>>,
}

/// Client certificate for mutual TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientIdentity {
    /// Certificate, DER, 1 to 2048 bytes.
    pub certificate: Der<{ limits::CERTIFICATE }>,
    /// Private key, DER, 1 to 256 bytes.
    pub key: Secret<Der<{ limits::KEY }>>,
}

/// Access point of the mobile network, as `AT+APN` takes it (MODEM.md 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apn {
    /// Access point name, up to 50 bytes; empty = the modem keeps the one it has.
    pub name: String<{ limits::APN }>,
    /// User, up to 50 bytes, often empty.
    pub user: String<{ limits::APN }>,
    /// Password, up to 50 bytes, often empty.
    pub password: Secret<String<{ limits::APN }>>,
    /// How user and password are sent.
    pub auth: ApnAuth,
}

/// Authentication at the access point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ApnAuth {
    /// No authentication, `0` on the wire.
    #[default]
    None,
    /// PAP, `1` on the wire.
    Pap,
    /// CHAP, `2` on the wire.
    Chap,
}

/// MQTT topics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topics {
    /// Samples go here, 1 to 96 bytes.
    pub telemetry: String<{ limits::TOPIC }>,
    /// The retained status and the will go here, 1 to 96 bytes.
    pub status: String<{ limits::TOPIC }>,
    /// Prefix of the command topics, without a trailing `/`: the device subscribes to
    /// `<prefix>/+`. 1 to 96 bytes.
    pub command: String<{ limits::TOPIC }>,
}

/// Sampling of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telemetry {
    /// Seconds between two samples, 1 to 86400.
    pub period_s: u32,
    /// Samples kept while there is no session, in memory and in flash, 1 to 1024; the oldest is
    /// dropped beyond that. A device without a flash partition for them keeps 128.
    pub queue: u16,
}

/// Modem on the UART.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ModemProfile {
    /// PUSR WH-LTE-7S1-E, transparent TCP.
    #[default]
    WhLte7s1E,
}

/// The last resort after a long outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsAlert {
    /// Recipient: digits only, country code first, no plus sign, 1 to 20 bytes (MODEM.md 3.7).
    pub number: Secret<String<{ limits::SMS_NUMBER }>>,
    /// Seconds without a session before the alert is sent, 60 to 2592000.
    pub after_s: u32,
}

/// Least important line that the device logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What ended an operation.
    Error,
    /// What was unexpected and survived.
    Warn,
    /// The steps of the device's life.
    #[default]
    Info,
    /// Details for a developer.
    Debug,
}
