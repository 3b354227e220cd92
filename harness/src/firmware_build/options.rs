//! The build from end to end.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::workspace::FIRMWARE;
use super::{BuildError, Environment, Sizes, Toolchain, cargo, workspace};

/// What to build with, and where.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The root of the project; `None` looks for it as [`root`](super::root) does.
    pub root: Option<PathBuf>,
    /// Where programs are looked for; `None` is the `PATH` of this process.
    pub environment: Option<Environment>,
    /// Which of the programs.
    pub variant: Variant,
}

/// The product, and what is built from it to be seen to fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Variant {
    /// The firmware.
    #[default]
    Product,
    /// The firmware with a receive path that shares its executor with TLS.
    PlantedUart,
    /// The firmware with an urgent task on the executor that computes TLS.
    PlantedSentinel,
    /// A program that crashes in the way that its settings name.
    PlantedCrash,
}

impl Variant {
    /// Name of the program.
    pub(super) const fn program(self) -> &'static str {
        match self {
            Self::Product => "firmware-esp32",
            Self::PlantedUart => "firmware-esp32-planted-uart",
            Self::PlantedSentinel => "firmware-esp32-planted-sentinel",
            Self::PlantedCrash => "firmware-esp32-planted-crash",
        }
    }

    /// The feature it needs.
    pub(super) const fn feature(self) -> Option<&'static str> {
        match self {
            Self::Product => None,
            Self::PlantedUart => Some("planted-uart-on-executor"),
            Self::PlantedSentinel => Some("planted-sentinel"),
            Self::PlantedCrash => Some("planted-crash"),
        }
    }
}

/// A step worth telling. A build takes some two minutes when nothing is there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The component `rust-src` is missing and is being fetched.
    FetchingRustSrc {
        /// The toolchain it belongs to.
        channel: String,
    },
    /// A line of cargo's own, such as `Compiling esp-hal v1.2.2`.
    Cargo {
        /// The line.
        line: String,
        /// How many crates are done, those that were done before included.
        done: usize,
    },
}

/// The firmware.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The ELF file, as probe-rs takes it.
    pub elf: PathBuf,
    /// What it takes of flash and memory.
    pub sizes: Sizes,
    /// Warnings of the compiler, as it wrote them; empty if it had none.
    pub warnings: String,
    /// How long cargo took.
    pub took: Duration,
}

/// Builds the firmware in release mode. Fetches the component `rust-src` when it is missing.
///
/// # Errors
/// See [`BuildError`]; the text of each says what to do.
pub fn build(
    options: &Options,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Artifact, BuildError> {
    let command = cargo_command(options, on_progress)?;
    let start = Instant::now();
    let built = cargo::build(command, options.variant, on_progress)?;
    let took = start.elapsed();
    let sizes = Sizes::of_file(&built.executable)?;
    Ok(Artifact {
        elf: built.executable,
        sizes,
        warnings: built.diagnostics,
        took,
    })
}

/// Builds the tests that run on the target, or, if `planted`, those that are to be seen to fail.
/// The variant in `options` is not looked at. Returns the ELF file of each test program, by name.
///
/// # Errors
/// As [`build`].
pub fn build_tests(
    options: &Options,
    planted: bool,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Vec<PathBuf>, BuildError> {
    let command = cargo_command(options, on_progress)?;
    cargo::build_tests(command, planted, on_progress)
}

/// cargo in the firmware's folder, without arguments.
fn cargo_command(
    options: &Options,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Command, BuildError> {
    let root = match &options.root {
        Some(root) => root.clone(),
        None => workspace::root()?,
    };
    let environment = options
        .environment
        .clone()
        .unwrap_or_else(Environment::current);
    let channel = workspace::channel(&root)?;
    let toolchain = Toolchain::prepare(&environment, &channel, on_progress)?;
    let mut command = toolchain.cargo(&environment);
    command.current_dir(root.join(FIRMWARE));
    Ok(command)
}
