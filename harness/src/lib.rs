//! Hardware-in-the-loop tests for a device whose only way out is an LTE modem on a UART.
//!
//! [`rig`] joins a board, the simulated modem and a real broker in one world with one clock;
//! [`scenario`] says what a test is; [`scenarios`] holds ours; [`runner`] runs them and
//! [`report`] writes down what happened. The `hil` command is a thin layer over these.

// `#[scenario]` writes absolute paths, also inside this crate.
extern crate self as harness;

pub mod board;
pub mod board_cli;
pub mod broker;
pub mod cli;
pub mod config;
pub mod desk;
pub mod doctor;
pub mod fault;
pub mod firmware_build;
pub mod modem_cli;
pub mod quarantine;
pub mod report;
pub mod rig;
pub mod runner;
pub mod scenario;
pub mod scenarios;
pub mod soak;
pub mod test_target;
pub mod watch;
