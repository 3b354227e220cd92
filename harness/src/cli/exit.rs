//! Exit codes, the same for every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything as expected.
    Success,
    /// 1: a scenario or an on-target test failed.
    Failed,
    /// 2: wrong usage or configuration; nothing was run.
    Usage,
    /// 3: infrastructure: toolchain, port, process, broker, disk. Nothing is known of the
    /// firmware.
    Infra,
    /// 130: interrupted by Ctrl-C or a request to terminate, as shells count it (128 + SIGINT).
    Interrupted,
}

impl Exit {
    /// The number the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Infra => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
