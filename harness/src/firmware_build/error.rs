//! What can go wrong, each with the way out.

use std::io;
use std::path::PathBuf;

/// Why there is no firmware.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The current folder is gone or not readable.
    #[error("cannot tell the current folder: {0}")]
    CurrentFolder(#[source] io::Error),
    /// Not inside the project.
    #[error(
        "no firmware/esp32/Cargo.toml in {} or above it: run this inside the project",
        from.display()
    )]
    NoWorkspace {
        /// Where the search began.
        from: PathBuf,
    },
    /// The pinned toolchain is not known.
    #[error("cannot read the pinned toolchain from {}: {reason}", path.display())]
    Channel {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No rustup, and the compiler on the path cannot do it either.
    #[error("{}", no_toolchain(channel, found))]
    NoToolchain {
        /// The pinned toolchain.
        channel: String,
        /// What was found instead of rustup, and what it lacks.
        found: String,
    },
    /// rustup is there, the pinned toolchain is not.
    #[error(
        "the toolchain {channel} does not work: {detail}\n\
         Install it and run this again:\n    \
         rustup toolchain install {channel} --profile minimal --component rust-src"
    )]
    ToolchainMissing {
        /// The pinned toolchain.
        channel: String,
        /// What rustup said.
        detail: String,
    },
    /// The standard library's source is missing and could not be fetched.
    #[error("{}", no_rust_src(channel, detail))]
    RustSrcMissing {
        /// The pinned toolchain.
        channel: String,
        /// What rustup said.
        detail: String,
    },
    /// A program of the toolchain did not start.
    #[error("cannot start {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// cargo gave up before it compiled anything: registry, lock file, disk.
    #[error("cargo could not prepare the build of the firmware:\n{output}")]
    Prepare {
        /// What cargo wrote.
        output: String,
    },
    /// The firmware does not compile or link.
    #[error("the firmware does not build:\n{output}")]
    Compile {
        /// What cargo and the compiler wrote.
        output: String,
    },
    /// cargo was ended by a signal, for example Ctrl-C.
    #[error("the build of the firmware was interrupted: cargo was ended by signal {signal}")]
    Interrupted {
        /// The number of the signal.
        signal: i32,
    },
    /// cargo was content, and yet reported no program.
    #[error("cargo built no program named firmware-esp32: has it been renamed in its Cargo.toml?")]
    NoArtifact,
    /// The program cannot be read.
    #[error("cannot read the sizes of {}: {reason}", path.display())]
    Elf {
        /// The ELF file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl BuildError {
    /// Whether the machine is at fault (exit code 3), not the code (exit code 1).
    #[must_use]
    pub const fn is_infrastructure(&self) -> bool {
        !matches!(self, Self::Compile { .. } | Self::NoArtifact)
    }
}

fn no_toolchain(channel: &str, found: &str) -> String {
    format!(
        "the firmware is built with Rust {channel}, but rustup is not on the PATH, and {found}.\n\
         Install rustup from https://rustup.rs and run this again.\n{DEBIAN}"
    )
}

fn no_rust_src(channel: &str, detail: &str) -> String {
    format!(
        "the source of the standard library (component rust-src of Rust {channel}) is missing, and \
         fetching it failed:\n{detail}\n\
         With the network up, run\n    \
         rustup component add rust-src --toolchain {channel}\n\
         and then this again.\n{DEBIAN}"
    )
}

/// Debian ships a compiler that is new enough together with the library's source, but not the
/// linker that Rust brings along elsewhere.
const DEBIAN: &str = "Without rustup's servers, on Debian:\n    \
    apt-get install rustc-web cargo-web rust-web-src lld\n    \
    cd firmware/esp32\n    \
    RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc \\\n        \
    CARGO_TARGET_RISCV32IMC_UNKNOWN_NONE_ELF_LINKER=ld.lld \\\n        \
    /usr/bin/cargo build --release";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_rust_src_comes_with_the_command() {
        let error = BuildError::RustSrcMissing {
            channel: "1.95.0".to_owned(),
            detail: "error: could not download file".to_owned(),
        };
        insta::assert_snapshot!(error, @r"
        the source of the standard library (component rust-src of Rust 1.95.0) is missing, and fetching it failed:
        error: could not download file
        With the network up, run
            rustup component add rust-src --toolchain 1.95.0
        and then this again.
        Without rustup's servers, on Debian:
            apt-get install rustc-web cargo-web rust-web-src lld
            cd firmware/esp32
            RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc \
                CARGO_TARGET_RISCV32IMC_UNKNOWN_NONE_ELF_LINKER=ld.lld \
                /usr/bin/cargo build --release
        ");
        assert!(error.is_infrastructure());
    }

    #[test]
    fn a_missing_rustup_comes_with_both_ways_out() {
        let error = BuildError::NoToolchain {
            channel: "1.95.0".to_owned(),
            found: "there is no rustc on the PATH".to_owned(),
        };
        insta::assert_snapshot!(error, @r"
        the firmware is built with Rust 1.95.0, but rustup is not on the PATH, and there is no rustc on the PATH.
        Install rustup from https://rustup.rs and run this again.
        Without rustup's servers, on Debian:
            apt-get install rustc-web cargo-web rust-web-src lld
            cd firmware/esp32
            RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc \
                CARGO_TARGET_RISCV32IMC_UNKNOWN_NONE_ELF_LINKER=ld.lld \
                /usr/bin/cargo build --release
        ");
    }

    #[test]
    fn a_missing_toolchain_comes_with_the_command() {
        let error = BuildError::ToolchainMissing {
            channel: "1.95.0".to_owned(),
            detail: "error: toolchain '1.95.0' is not installed".to_owned(),
        };
        insta::assert_snapshot!(error, @"
        the toolchain 1.95.0 does not work: error: toolchain '1.95.0' is not installed
        Install it and run this again:
            rustup toolchain install 1.95.0 --profile minimal --component rust-src
        ");
    }

    #[test]
    fn only_the_code_is_to_blame_for_what_does_not_compile() {
        let compile = BuildError::Compile {
            output: "error[E0308]: mismatched types".to_owned(),
        };
        insta::assert_snapshot!(compile, @"
        the firmware does not build:
        error[E0308]: mismatched types
        ");
        assert!(!compile.is_infrastructure());
        assert!(!BuildError::NoArtifact.is_infrastructure());
        assert!(
            BuildError::Prepare {
                output: String::new()
            }
            .is_infrastructure()
        );
        assert!(BuildError::Interrupted { signal: 2 }.is_infrastructure());
    }
}
