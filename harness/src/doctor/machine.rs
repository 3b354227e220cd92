//! Programs of this machine, asked for short answers.

use std::env;
use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Where programs are looked for.
#[derive(Debug, Clone)]
pub struct Machine {
    path: OsString,
}

impl Machine {
    /// The machine as this process sees it.
    pub fn current() -> Self {
        Self::with_path(env::var_os("PATH").unwrap_or_default())
    }

    /// A machine that has the programs of these folders (separated as in `PATH`) and no others.
    pub fn with_path(path: impl Into<OsString>) -> Self {
        Self { path: path.into() }
    }

    /// First line that `program` prints, or `None` if it is not there or fails.
    pub(super) fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program)
            .args(arguments)
            .env("PATH", &self.path)
            // The pinned toolchain is asked for by name; what cargo set for us would overrule it.
            .env_remove("RUSTUP_TOOLCHAIN")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().next()?.trim();
        (output.status.success() && !line.is_empty()).then(|| line.to_owned())
    }
}
