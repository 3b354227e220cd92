//! A server no honest library would be: it proves nothing and is told everything.
//!
//! It completes TLS 1.3 without Certificate and CertificateVerify. A client that takes the server's
//! Finished for proof of identity sends its password to whoever sits on the line. The server keeps
//! only counts: how much application data came, and whether it began like MQTT.

mod key_schedule;
mod messages;
mod no_certificate;
mod record;

pub(super) use no_certificate::NoCertificateServer;
