//! The AT dialect of the modem, without any I/O: bytes in, events out.
//!
//! [`Codec`] cuts the byte stream into [`Event`]s, the same ones however the stream is split.
//! [`values`] reads the fields behind `+CMD:`.

mod codec;
mod error;
mod line;
mod texts;
pub mod values;

pub use codec::{Codec, LINE_CAPACITY};
pub use error::AtError;
pub use line::{Event, Unsolicited};
