//! `hil build`: the firmware for the chip, from a machine that has only rustup and a C compiler.
//!
//! The compiler has no prebuilt standard library for the ESP32-C3, so it is built from source: that
//! takes the component `rust-src`, which is fetched when it is missing, and a pinned stable
//! compiler with `RUSTC_BOOTSTRAP=1`. Every way this can fail is an error of its own with the
//! remedy in its text; [`BuildError::is_infrastructure`] tells a broken machine from broken code.

mod cargo;
mod command;
mod crates;
mod environment;
mod error;
mod options;
mod sizes;
mod toolchain;
mod workspace;

pub use command::command;
pub use crates::{CrateSize, OTHER};
pub use environment::Environment;
pub use error::BuildError;
pub use options::{Artifact, Options, Progress, Variant, build, build_tests};
pub(crate) use sizes::grouped;
pub use sizes::{Section, Sizes};
pub use toolchain::Toolchain;
pub use workspace::{channel, parse_channel, root};
