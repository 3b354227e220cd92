//! Why a report could not be written.

use std::io;
use std::path::{Path, PathBuf};

/// Writing the report failed after the run; the verdicts stand.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file system refused.
    #[error("cannot write the report: {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `report.json` could not be put into words; an error in this program.
    #[error("cannot write the report: report.json: {0}")]
    Json(#[from] serde_json::Error),
    /// `index.html` could not be put into words; an error in this program.
    #[error("cannot write the report: index.html: {0}")]
    Html(#[from] askama::Error),
    /// `junit.xml` could not be put into words; an error in this program.
    #[error("cannot write the report: junit.xml: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}

impl ReportError {
    /// For `map_err` on file operations.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
