//! What ends watching, or keeps it from beginning.

use std::io;
use std::path::PathBuf;

use crate::firmware_build::BuildError;

/// Why nothing can be watched any more.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The project is not to be found.
    #[error(transparent)]
    Root(#[from] BuildError),
    /// The system does not tell of changes.
    #[error(
        "cannot watch `{}` for changes: {source}; on Linux, look at \
         /proc/sys/fs/inotify/max_user_watches and max_user_instances",
        path.display()
    )]
    Watch {
        /// What was to be watched.
        path: PathBuf,
        /// What the system said.
        source: notify::Error,
    },
    /// A program cannot be started or waited for.
    #[error("cannot run `{}`: {source}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This program's own path is unknown.
    #[error("cannot find the path of this program, which is what runs the scenarios: {0}")]
    OwnPath(io::Error),
    /// Ctrl-C cannot be caught.
    #[error("cannot watch for Ctrl-C: {0}")]
    Signals(#[from] ctrlc::Error),
    /// `hil run --list` refused the filters or boards; it has said why.
    #[error("`hil run --list` ended with code {}: see above", code.map_or("none".to_owned(), |code| code.to_string()))]
    List {
        /// Its exit code; nothing after a signal.
        code: Option<i32>,
    },
}
