//! `hil boards`, `hil flash`, `hil provision`, `hil monitor`: boards from the command line.

mod choose;
mod error;
mod firmware;
mod flash;
mod list;
mod monitor;
mod provision;
mod settings_file;
mod traffic;

pub use choose::choose;
pub use error::BoardCliError;
pub use firmware::{Sources, program};
pub use flash::{describe, flash};
pub use list::{SerialPort, list, serial_ports};
pub use monitor::{Stop, monitor};
pub use provision::provision;
pub use settings_file::{SettingsFile, SettingsFileError, SettingsProblem};
