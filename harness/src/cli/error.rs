//! What ends a command early, and the exit code for it.

use std::path::PathBuf;

use super::emulate::EmulateError;
use super::exit::Exit;
use super::select::SelectError;
use crate::board::FirmwareError;
use crate::board_cli::BoardCliError;
use crate::config::ConfigError;
use crate::desk::ServeError;
use crate::firmware_build::BuildError;
use crate::modem_cli::ModemCliError;
use crate::quarantine::QuarantineError;
use crate::report::{DiffError, FolderError, LoadError, MergeError, ReportError, ThresholdsError};
use crate::test_target::{ChooseError, TestImageError};
use crate::watch::WatchError;

/// Anything that ends a command with a message.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Select(#[from] SelectError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Firmware(#[from] FirmwareError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Modem(#[from] ModemCliError),
    #[error(transparent)]
    Boards(#[from] BoardCliError),
    #[error(transparent)]
    TestImage(#[from] TestImageError),
    #[error(transparent)]
    Choose(#[from] ChooseError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Emulate(#[from] EmulateError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error(transparent)]
    Diff(#[from] DiffError),
    #[error(transparent)]
    Thresholds(#[from] ThresholdsError),
    #[error("cannot write {}: {source}; name a file in a folder that exists and is writable",
        path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot find the path of this program, which is also the native board: {0}")]
    OwnPath(std::io::Error),
    #[error("cannot keep standard output for the events: {0}")]
    Output(std::io::Error),
    #[error("native board: {0}")]
    NativeBoard(#[from] firmware_native::ProcessError),
    #[error("cannot watch for Ctrl-C: {0}")]
    Signals(#[from] ctrlc::Error),
}

impl CliError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Select(_)
            | Self::Config(_)
            | Self::Folder(_)
            | Self::Load(_)
            | Self::Merge(_)
            | Self::Quarantine(_)
            | Self::Diff(_)
            | Self::Thresholds(_)
            | Self::Write { .. }
            | Self::Emulate(_)
            | Self::Choose(_) => Exit::Usage,
            Self::TestImage(error) if error.is_usage() => Exit::Usage,
            Self::Modem(error) if error.is_usage() => Exit::Usage,
            Self::Boards(BoardCliError::Build(error)) if !error.is_infrastructure() => Exit::Failed,
            Self::Boards(error) if error.is_usage() => Exit::Usage,
            Self::Serve(error) if error.is_usage() => Exit::Usage,
            Self::Watch(WatchError::List { code: Some(2) }) => Exit::Usage,
            Self::Firmware(FirmwareError::Build(error)) if !error.is_infrastructure() => {
                Exit::Failed
            }
            Self::Firmware(FirmwareError::Board(error)) if error.is_usage() => Exit::Usage,
            Self::Build(error) if !error.is_infrastructure() => Exit::Failed,
            Self::Build(_)
            | Self::Firmware(_)
            | Self::Modem(_)
            | Self::Boards(_)
            | Self::TestImage(_)
            | Self::Serve(_)
            | Self::Report(_)
            | Self::Watch(_)
            | Self::OwnPath(_)
            | Self::Output(_)
            | Self::NativeBoard(_)
            | Self::Signals(_) => Exit::Infra,
        }
    }
}
