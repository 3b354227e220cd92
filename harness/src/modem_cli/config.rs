//! What `hil modem` was asked for.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use modem_sim::{Initial, ModemConfig, Network, NetworkTime, Profile, Settings};

use super::error::ModemCliError;
use super::hosts::Hosts;

/// Where the serial line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineKind {
    /// This serial port.
    Port(PathBuf),
    /// A new pseudo-terminal.
    Pty,
}

/// A modem in wall time.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which product, and what is in its flash.
    pub settings: Settings,
    /// Seed of its randomness.
    pub seed: u64,
    /// Where its serial line is.
    pub line: LineKind,
    /// What its sockets can reach.
    pub hosts: Hosts,
}

impl Config {
    /// The profile of that name.
    ///
    /// # Errors
    /// [`ModemCliError::Profile`] with the names there are.
    pub fn profile(name: &str) -> Result<Profile, ModemCliError> {
        Profile::from_name(name).ok_or_else(|| ModemCliError::Profile {
            name: name.to_owned(),
            known: Profile::ALL.iter().map(|profile| profile.name()).collect(),
        })
    }

    /// What is in the flash of a product: the factory's values, and of `changes` those of the form
    /// `NAME=VALUE`, as `AT+NAME=VALUE` would set them.
    ///
    /// # Errors
    /// [`ModemCliError::SetForm`] or [`ModemCliError::Setting`] for the first that is wrong.
    pub fn settings(profile: Profile, changes: &[String]) -> Result<Settings, ModemCliError> {
        let mut settings = Settings::factory(profile);
        for change in changes {
            let (name, value) = change.split_once('=').ok_or(ModemCliError::SetForm)?;
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    /// The simulator's configuration. The network tells the real time in UTC: a firmware that
    /// checks certificates against it talks to real servers.
    pub(super) fn modem(&self) -> ModemConfig {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = unix.ok().map(|unix| NetworkTime {
            unix_at_start: unix.as_secs(),
            zone_quarters: 0,
        });
        ModemConfig {
            initial: Initial::Custom(Box::new(self.settings.clone())),
            seed: self.seed,
            network: Network {
                time,
                ..Network::default()
            },
            ..ModemConfig::of(self.settings.profile())
        }
    }
}
