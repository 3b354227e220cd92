//! What is wrong with settings, and where; never what a secret holds.

use std::io;
use std::path::PathBuf;

use firmware_settings::FieldError;

use crate::config::Position;

/// Settings that cannot be used: exit code 2, no board was touched.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFileError {
    /// The file cannot be read.
    #[error("cannot read the settings {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is wrong at this place.
    #[error("{}:{position}: {problem}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// The place.
        position: Position,
        /// What is wrong there.
        problem: SettingsProblem,
    },
}

/// What is wrong at one place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsProblem {
    /// Not TOML, a key that does not exist or is missing, a value of the wrong type.
    #[error("{0}")]
    Syntax(String),
    /// A value that the device could not use.
    #[error(transparent)]
    Field(FieldError),
    /// An environment variable that is not there.
    #[error("the environment variable {0} is not set, or is not text: set it and run this again")]
    NoVariable(String),
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that should hold a text.
    #[error("{} holds something other than text", .0.display())]
    NotText(PathBuf),
    /// A PEM file without what is wanted, or DER that is none.
    #[error("{}: there is no {what} in it, in PEM or DER", path.display())]
    NoPem {
        /// The file.
        path: PathBuf,
        /// What was wanted.
        what: &'static str,
    },
}

/// The field's name, as `broker.host`.
pub(super) const fn field_of(error: &FieldError) -> &'static str {
    match error {
        FieldError::TooLong { field, .. }
        | FieldError::Empty { field }
        | FieldError::Character { field, .. }
        | FieldError::OutOfRange { field, .. }
        | FieldError::Incomplete { field, .. } => field,
        _ => "",
    }
}
