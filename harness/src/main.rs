//! The `hil` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::cli::main(std::env::args_os()).into()
}
