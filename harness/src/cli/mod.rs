//! The `hil` command: arguments, exit codes, and one module for each command.
//!
//! Nothing is decided here that the library could decide.

mod args;
mod board;
mod board_args;
mod boards;
mod build;
mod doctor;
mod emulate;
mod error;
mod exit;
mod firmware;
mod flash;
mod interrupt;
mod judge;
mod modem;
mod monitor;
mod report;
mod report_args;
mod run;
mod say;
mod select;
mod soak;
mod test_target;
mod test_target_args;
mod watch;

mod dispatch;

pub use dispatch::main;
pub use exit::Exit;
