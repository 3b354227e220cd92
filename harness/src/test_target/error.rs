//! Why an image's tests cannot be run.

use std::path::PathBuf;

use crate::board::BoardError;

/// Why the tests of an image cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestImageError {
    /// The program is wrong, or the bench.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// A program without tests.
    #[error(
        "{}: no tests in it: neither a section `.embedded_test` (crate embedded-test, linked with \
         `-Tembedded-test.x`) nor a symbol `DEFMT_TEST_COUNT` (crate defmt-test). To run an \
         ordinary program: `cargo hil flash ELF`, then `cargo hil monitor ELF`",
        .0.display()
    )]
    NoTests(PathBuf),
    /// The linker has removed what tells the frameworks' tests.
    #[error(
        "{}: a test image of the crate {framework}, with no test in it: has it been stripped, or \
         are all of its tests disabled by `cfg`?",
        path.display()
    )]
    Empty {
        /// The program.
        path: PathBuf,
        /// Its test framework.
        framework: &'static str,
    },
    /// Another protocol.
    #[error(
        "{}: its EMBEDDED_TEST_VERSION is {found}; this `hil` speaks version {supported}, which \
         is that of the crate embedded-test 0.7: {}",
        path.display(),
        if *found < *supported { "update that crate" } else { "update `hil`" }
    )]
    Version {
        /// The program.
        path: PathBuf,
        /// What it says.
        found: u32,
        /// What is understood.
        supported: u32,
    },
    /// Tests that cannot be read.
    #[error("{}: its list of tests is damaged: {what}; build it again", path.display())]
    Damaged {
        /// The program.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl TestImageError {
    /// Whether a file given by the user is wrong (exit code 2), as opposed to the bench (3).
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Board(error) => error.is_usage(),
            _ => true,
        }
    }
}
