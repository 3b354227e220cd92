//! Helpers of the TLS tests, and of the TLS benchmark.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each user takes a part of these, and what cannot prepare itself may panic"
)]

pub mod client;
pub mod pki;
pub mod server;
