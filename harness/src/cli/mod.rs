//! The `hil` command: arguments, exit codes, and one module for each command.
//!
//! Nothing is decided here that the library could decide.

mod args;
mod boards;
mod build;
mod doctor;
mod error;
mod exit;
mod interrupt;
mod modem;
mod run;
mod say;
mod select;

mod dispatch;

pub use dispatch::main;
pub use exit::Exit;
