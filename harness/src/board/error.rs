//! What can go wrong with a board.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::image::ImageError;
use super::lease::LeaseError;
use super::table_error::TableError;

/// Why a board could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BoardError {
    /// The program is wrong.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The partition table is wrong.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The image cannot be made of program and table; what espflash says, verbatim.
    #[error("cannot make a flash image of {}: {chain}", path.display())]
    Format {
        /// The program.
        path: PathBuf,
        /// The error and its causes.
        chain: String,
    },
    /// The program's log cannot be decoded.
    #[error("cannot decode the log of {}: {reason}", path.display())]
    LogFormat {
        /// The program.
        path: PathBuf,
        /// What defmt says.
        reason: String,
    },
    /// Somebody else uses the board.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// No probe, or one that cannot be opened; what probe-rs says, verbatim.
    #[error(
        "cannot open the probe {selector}: {chain}\n`cargo hil boards` lists the probes, \
         `cargo hil doctor` looks at permissions"
    )]
    Open {
        /// Its selector.
        selector: String,
        /// The error and its causes.
        chain: String,
    },
    /// A probe without a chip behind it; what probe-rs says, verbatim.
    #[error(
        "cannot attach to the {chip} behind the probe {selector}: {chain}\nis the board powered, \
         and nobody else attached?"
    )]
    Attach {
        /// The probe's selector.
        selector: String,
        /// The chip that was expected.
        chip: &'static str,
        /// The error and its causes.
        chain: String,
    },
    /// Nothing came back in time.
    #[error("the probe {selector} did not answer within {within:?} (while {action})")]
    NoAnswer {
        /// The probe's selector.
        selector: String,
        /// What was being done.
        action: &'static str,
        /// The bound.
        within: Duration,
    },
    /// Flashing failed; what probe-rs says, verbatim.
    #[error("flashing failed: {chain}")]
    Flash {
        /// The error and its causes.
        chain: String,
    },
    /// Something else failed at the probe; what probe-rs says, verbatim.
    #[error("cannot {action}: {chain}")]
    Probe {
        /// What was being done.
        action: &'static str,
        /// The error and its causes.
        chain: String,
    },
}

impl BoardError {
    /// Whether a file given by the user is wrong (exit code 2), as opposed to the bench (3).
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Image(_) | Self::Table(_) | Self::Format { .. } | Self::LogFormat { .. }
        )
    }

    /// For `map_err` of a probe-rs call.
    pub(super) fn probe<E: Error>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Probe {
            action,
            chain: chain(&error),
        }
    }
}

/// An error with all its causes, in its own words, a line each.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string does not fail.
        let _ = write!(text, "\n  caused by: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the page write failed")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_chain_keeps_every_word() {
        let error = Outer(std::io::Error::other("the wire came off"));
        insta::assert_snapshot!(chain(&error), @r"
        the page write failed
          caused by: the wire came off
        ");
    }

    #[test]
    fn bad_files_are_told_from_a_bad_bench() {
        let chain = String::new;
        let path = PathBuf::new;
        assert!(
            BoardError::Format {
                path: path(),
                chain: chain()
            }
            .is_usage()
        );
        assert!(!BoardError::Flash { chain: chain() }.is_usage());
    }
}
