//! The search path for programs, as a value, so that tests need not change the process's own.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Variables of the caller's shell, or of the cargo that runs us, that would build something else
/// than the firmware as its own `.cargo/config.toml` describes it.
const SURPRISES: [&str; 12] = [
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "CARGO_TARGET_RISCV32IMC_UNKNOWN_NONE_ELF_RUSTFLAGS",
    "CARGO_UNSTABLE_BUILD_STD",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// Where programs are looked for.
#[derive(Debug, Clone)]
pub struct Environment {
    path: OsString,
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn current() -> Self {
        Self {
            path: env::var_os("PATH").unwrap_or_default(),
        }
    }

    /// Programs are looked for in `path` (folders, separated as in `PATH`) and nowhere else.
    #[must_use]
    pub fn with_path(path: impl Into<OsString>) -> Self {
        Self { path: path.into() }
    }

    /// The first file of that name on the path.
    pub(super) fn find(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.path)
            .filter(|folder| !folder.as_os_str().is_empty())
            .map(|folder| folder.join(format!("{program}{}", env::consts::EXE_SUFFIX)))
            .find(|candidate| candidate.is_file())
    }

    /// A command in this environment, without the variables that would change what is built.
    pub(super) fn command(&self, program: impl Into<PathBuf>) -> Command {
        let mut command = Command::new(program.into());
        command.env("PATH", &self.path);
        let profiles = env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| name.to_string_lossy().starts_with("CARGO_PROFILE_"));
        for name in SURPRISES.map(OsString::from).into_iter().chain(profiles) {
            command.env_remove(name);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn finds_programs_only_on_the_given_path() {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::with_path(folder.path());
        assert_eq!(environment.find("rustup"), None);
        for name in ["rustup", "ld.lld"] {
            let program = folder
                .path()
                .join(format!("{name}{}", env::consts::EXE_SUFFIX));
            fs::write(&program, "").unwrap();
            assert_eq!(environment.find(name), Some(program));
        }
        assert_eq!(Environment::with_path("").find("rustup"), None);
    }

    #[test]
    fn the_firmware_is_not_built_with_the_flags_of_the_host() {
        let command = Environment::with_path("/bin").command("cargo");
        let removed: Vec<_> = command
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name)
            .collect();
        for name in ["RUSTFLAGS", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN"] {
            assert!(removed.contains(&name.as_ref()), "{name} is removed");
        }
    }
}
