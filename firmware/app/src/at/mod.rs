//! The AT dialect of the modem, without any I/O: bytes in, events out.

mod error;

pub use error::AtError;
