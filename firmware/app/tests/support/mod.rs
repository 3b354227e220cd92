//! Helpers of the TLS tests.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part of these, and a failing test may panic"
)]

pub mod pki;
pub mod server;
