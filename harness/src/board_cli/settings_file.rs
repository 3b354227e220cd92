//! A device's settings as a TOML file.
//!
//! ```toml
//! keep_alive_s = 60
//! log_level = "info"                 # off, error, warn, info, debug
//!
//! [broker]
//! host = "broker.example.org"
//! port = 8883
//! server_name = "broker.example.org" # left out: the host
//! ca = "ca.pem"                      # PEM or DER, beside this file
//!
//! [login]
//! client_id = "device-1"
//! user = "device-1"
//! password = { env = "DEVICE_PASSWORD" }
//!
//! [identity]                         # for brokers that want a client certificate
//! certificate = "device-1.pem"
//! key = { file = "device-1.key" }
//!
//! [apn]
//! name = "internet"
//! ```
//!
//! Secrets (passwords, the key, the phone number) stand in environment variables or in files of
//! their own, and never in a message.

mod error;
mod fields;
mod secret;

use std::fs;
use std::path::{Path, PathBuf};

use firmware_settings::{EncodeError, PARTITION_SIZE, Settings};

pub use error::{SettingsFileError, SettingsProblem};
use fields::RawSettings;
use secret::Sources;

use crate::config::Position;

/// A settings file that was read and checked, with everything it names.
#[derive(Debug)]
pub struct SettingsFile {
    settings: Settings,
}

impl SettingsFile {
    /// Reads a file and everything it names.
    ///
    /// # Errors
    /// [`SettingsFileError`] with the line of the field.
    pub fn read(path: &Path) -> Result<Self, SettingsFileError> {
        let text = fs::read_to_string(path).map_err(|source| SettingsFileError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path, &|name| std::env::var(name).ok())
    }

    /// Reads `text`, which is the content of `path`; `env` looks environment variables up.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(
        text: &str,
        path: &Path,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsFileError> {
        let at = |offset: usize, problem| SettingsFileError::At {
            path: path.to_owned(),
            position: Position::of(text, offset),
            problem,
        };
        let raw: RawSettings = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let words: Vec<&str> = error.message().lines().map(str::trim).collect();
            at(offset, SettingsProblem::Syntax(words.join("; ")))
        })?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let named = raw
            .named(&Sources { folder, env })
            .map_err(|(offset, problem)| at(offset, problem))?;
        let settings = raw.draft(&named).build().map_err(|error| {
            let offset = raw.offset_of(error::field_of(&error));
            at(offset, SettingsProblem::Field(error))
        })?;
        Ok(Self { settings })
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The content of the settings partition.
    ///
    /// # Errors
    /// None that checked settings could have.
    pub fn partition(&self) -> Result<Vec<u8>, EncodeError> {
        let mut partition = vec![0xff; PARTITION_SIZE];
        firmware_settings::encode(&self.settings, &mut partition)?;
        Ok(partition)
    }
}

#[cfg(test)]
#[path = "settings_file/tests.rs"]
mod tests;
