//! The compiler: found, checked, and completed with the source of its standard library.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{BuildError, Environment, Progress};

/// What proves that the source of the standard library is there: cargo reads it first.
const LIBRARY: &str = "lib/rustlib/src/rust/library/Cargo.lock";

/// A compiler that can build the firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// A toolchain of rustup.
    Rustup {
        /// The program rustup.
        rustup: PathBuf,
        /// The toolchain's name.
        channel: String,
        /// The folder it is installed in.
        sysroot: PathBuf,
    },
    /// Without rustup: a cargo and a compiler from elsewhere, for example from Debian.
    System {
        /// The program cargo.
        cargo: PathBuf,
        /// The program rustc.
        rustc: PathBuf,
        /// The linker, where the compiler does not bring its own.
        linker: Option<PathBuf>,
    },
}

impl Toolchain {
    /// Finds the pinned toolchain; changes nothing.
    ///
    /// Without rustup, the `rustc` and `cargo` on the path do, if they are at least as new as
    /// `channel` and have the library's source.
    ///
    /// # Errors
    /// [`BuildError::NoToolchain`] or [`BuildError::ToolchainMissing`], each with its remedy;
    /// [`BuildError::Start`] when a program that is there does not start.
    pub fn find(environment: &Environment, channel: &str) -> Result<Self, BuildError> {
        let Some(rustup) = environment.find("rustup") else {
            return Self::without_rustup(environment, channel);
        };
        let run = ["run", channel, "rustc", "--print", "sysroot"];
        let sysroot = answer(environment.command(&rustup).args(run))?
            .map(PathBuf::from)
            .map_err(|detail| BuildError::ToolchainMissing {
                channel: channel.to_owned(),
                detail,
            })?;
        Ok(Self::Rustup {
            rustup,
            channel: channel.to_owned(),
            sysroot,
        })
    }

    /// Whether the source of the standard library (`rust-src`) is there.
    #[must_use]
    pub fn has_library_source(&self) -> bool {
        match self {
            Self::Rustup { sysroot, .. } => sysroot.join(LIBRARY).is_file(),
            // Else it would not have been found.
            Self::System { .. } => true,
        }
    }

    /// [`find`](Self::find)s the toolchain and fetches `rust-src` when that is missing, saying so.
    ///
    /// # Errors
    /// As `find`, and [`BuildError::RustSrcMissing`] with its remedy.
    pub fn prepare(
        environment: &Environment,
        channel: &str,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, BuildError> {
        let toolchain = Self::find(environment, channel)?;
        if let Self::Rustup {
            rustup, sysroot, ..
        } = &toolchain
            && !toolchain.has_library_source()
        {
            on_progress(Progress::FetchingRustSrc {
                channel: channel.to_owned(),
            });
            let failed = |detail| BuildError::RustSrcMissing {
                channel: channel.to_owned(),
                detail,
            };
            let add = ["component", "add", "rust-src", "--toolchain", channel];
            answer(environment.command(rustup).args(add))?.map_err(failed)?;
            if !toolchain.has_library_source() {
                return Err(failed(format!(
                    "rustup reports success, but {} is not there",
                    sysroot.join(LIBRARY).display()
                )));
            }
        }
        Ok(toolchain)
    }

    fn without_rustup(environment: &Environment, channel: &str) -> Result<Self, BuildError> {
        let missing = |found: String| BuildError::NoToolchain {
            channel: channel.to_owned(),
            found,
        };
        let rustc = environment
            .find("rustc")
            .ok_or_else(|| missing("there is no rustc on the PATH".to_owned()))?;
        let cargo = environment
            .find("cargo")
            .ok_or_else(|| missing("there is no cargo on the PATH".to_owned()))?;
        let name = rustc.display().to_string();
        let ask = |arguments: &[&str]| answer(environment.command(&rustc).args(arguments));
        let version = ask(&["--version"])?
            .map_err(|detail| missing(format!("{name} does not tell its version: {detail}")))?;
        if parse_version(&version) < parse_version(channel) {
            return Err(missing(format!("{name} is older: {version}")));
        }
        let sysroot = ask(&["--print", "sysroot"])?
            .map(PathBuf::from)
            .map_err(|detail| missing(format!("{name} does not tell its sysroot: {detail}")))?;
        if !sysroot.join(LIBRARY).is_file() {
            return Err(missing(format!(
                "{name} has no source of the standard library ({} is not there)",
                sysroot.join(LIBRARY).display()
            )));
        }
        let linker = match environment.find("rust-lld") {
            Some(_) => None,
            None => environment.find("ld.lld"),
        };
        Ok(Self::System {
            cargo,
            rustc,
            linker,
        })
    }

    /// cargo of this toolchain, with what building the standard library takes.
    pub(super) fn cargo(&self, environment: &Environment) -> Command {
        let mut command = match self {
            Self::Rustup {
                rustup, channel, ..
            } => {
                let mut command = environment.command(rustup);
                command.args(["run", channel, "cargo"]);
                command
            }
            Self::System {
                cargo,
                rustc,
                linker,
            } => {
                let mut command = environment.command(cargo);
                command.env("RUSTC", rustc);
                if let Some(linker) = linker {
                    command.env("CARGO_TARGET_RISCV32IMC_UNKNOWN_NONE_ELF_LINKER", linker);
                }
                command
            }
        };
        // Allows a stable compiler what `[unstable]` in the firmware's configuration asks for.
        command.env("RUSTC_BOOTSTRAP", "1");
        command
    }
}

/// Standard output of a program that succeeds, standard error of one that fails.
fn answer(command: &mut Command) -> Result<Result<String, String>, BuildError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| BuildError::Start {
            program: command.get_program().into(),
            source,
        })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("{}\n({})", text(&output.stderr), output.status)
            .trim()
            .to_owned())
    })
}

/// The numbers of `1.95.0` or of `rustc 1.96.0 (…)`; `None` where there are none.
fn parse_version(text: &str) -> Option<[u32; 3]> {
    let word = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut numbers = word.split(['.', '-', '+']).map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next().unwrap_or(0)])
}

#[cfg(test)]
#[path = "toolchain_tests.rs"]
mod tests;
