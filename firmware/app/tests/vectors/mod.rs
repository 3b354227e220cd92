//! Known inputs with known answers, for the tests on the host and those on the chip: the same ones,
//! so that an answer which depends on the width of a pointer or on a compiler's back end shows.
//!
//! No allocator, no `std`: `firmware/esp32/tests` includes this folder as it is.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test program uses a part of it"
)]

pub mod at_codec;
pub mod at_values;
pub mod handshake;
pub mod settings;
pub mod telemetry;
