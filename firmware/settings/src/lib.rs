#![no_std]
//! The device's configuration: what it holds and how it lies in flash.
//!
//! The firmware reads the flash partition named `settings` at boot and never writes it; a host
//! tool builds the bytes with the same code. Nothing here allocates.
//!
//! * [`Settings`] is the configuration, every text with a fixed capacity.
//! * [`Draft`] is the same in borrowed form: what a host fills in, checked field by field.
//! * [`encode`] and [`decode`] are the partition: magic, version, length, CRC-32, payload.

mod draft;
mod field;
mod partition;
mod secret;
mod settings;

pub use draft::Draft;
pub use field::FieldError;
pub use partition::{
    DecodeError, EncodeError, FORMAT_VERSION, HEADER_SIZE, MAGIC, MAX_ENCODED_SIZE, PARTITION_SIZE,
    decode, encode,
};
pub use secret::{Der, Secret};
pub use settings::{
    Apn, ApnAuth, Broker, ClientIdentity, LogLevel, Login, ModemProfile, Settings, SmsAlert,
    Telemetry, Topics, limits,
};
