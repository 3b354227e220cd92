//! `hil test-target`: tests that run on the chip itself, virtual or real.
//!
//! A [`TestImage`] is a program made of tests, with embedded-test (each test from a reset) or
//! defmt-test (all tests in one go). A [`Bench`] runs them on a board: it flashes each image once,
//! answers what the program asks its debugger for, and takes the log, the exit and, after a
//! failure, the stack. [`trials`] hands them to a runner that looks like the standard library's.

mod attempt;
mod bench;
mod choose;
mod embedded;
mod error;
mod image;
mod line;
mod list;
mod outcome;
mod sequence;
mod test_board;
mod trials;
mod virtual_board;
mod wall_board;

pub use bench::{Bench, Costs, Place};
pub use choose::{Choice, ChooseError};
pub use error::TestImageError;
pub use image::{Framework, TargetTest, TestImage};
pub use outcome::{Outcome, Verdict};
pub use trials::{Chosen, trials};

/// The partition table of the project's firmware and of its tests, from the project's root.
pub const PARTITIONS: &str = "firmware/esp32/partitions.csv";
