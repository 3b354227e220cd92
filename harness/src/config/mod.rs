//! `hil.toml`: which boards stand on this desk.
//!
//! ```toml
//! [[board]]
//! name = "desk-c3"
//! chip = "esp32c3"
//! probe = "303a:1001:60:55:F9:00:00:01"     # any probe-rs selector
//! modem_port = "/dev/serial/by-id/usb-…"    # host end of the UART the firmware takes for its modem
//! baud = 115200                             # optional
//! modem = { real = "/dev/serial/by-id/…" }  # optional: pass through to a real modem
//! ```
//!
//! What is wrong with the file is told with its line and column, and nothing is guessed: an
//! unknown key is an error.

mod error;
mod file;
mod position;

use std::path::Path;

pub use error::{ConfigError, Problem};
pub use file::{BoardConfig, Config, DEFAULT_BAUD, RealModem};
pub use position::Position;

/// Name of the file in the current folder.
pub const FILE_NAME: &str = "hil.toml";

/// Names that `hil` gives to its own boards.
pub const RESERVED_NAMES: &[&str] = &["native", "virtual"];

/// Reads the configuration: `file` where one is given, else `hil.toml` of the current folder, else
/// none.
///
/// # Errors
/// [`ConfigError`] when the file cannot be read, when a given one is not there, and for everything
/// that is wrong in it.
pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
    if let Some(path) = file {
        return Config::read(path);
    }
    let path = Path::new(FILE_NAME);
    match path.try_exists() {
        Ok(false) => Ok(Config::default()),
        _ => Config::read(path),
    }
}
