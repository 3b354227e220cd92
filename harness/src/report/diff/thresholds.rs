//! How much worse a figure may get before it counts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::Position;

/// Bounds for growth. What is not named in a file has its default.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Bytes in flash. Default: 1024.
    pub flash_bytes: u32,
    /// Bytes of RAM in use from the start. Default: 256.
    pub ram_bytes: u32,
    /// Bytes of stack ever in use. Default: 512.
    pub stack_bytes: u32,
    /// Awake cycles of a scenario, in percent. Default: 5.
    pub cycles_percent: f64,
    /// Time of a phase in the device's own world, in percent. Default: 10.
    pub time_percent: f64,
    /// Changes of cycles and times within this band, up or down, are noise. In percent; default: 2.
    pub noise_percent: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            flash_bytes: 1024,
            ram_bytes: 256,
            stack_bytes: 512,
            cycles_percent: 5.0,
            time_percent: 10.0,
            noise_percent: 2.0,
        }
    }
}

/// A file of thresholds that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThresholdsError {
    /// It cannot be read.
    #[error(
        "cannot read the thresholds {}: {source}; give the path of a TOML file, or leave it out",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is wrong at this place.
    #[error("{}:{position}: {problem}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// The place.
        position: Position,
        /// What is wrong there.
        problem: String,
    },
}

impl Thresholds {
    /// Reads a file such as
    ///
    /// ```toml
    /// flash_bytes = 2048
    /// cycles_percent = 3.5
    /// ```
    ///
    /// # Errors
    /// [`ThresholdsError`]: an unreadable file, no TOML, an unknown key, a value out of range.
    pub fn read(path: &Path) -> Result<Self, ThresholdsError> {
        let text = fs::read_to_string(path).map_err(|source| ThresholdsError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ThresholdsError> {
        let at = |offset, problem: String| ThresholdsError::At {
            path: path.to_owned(),
            position: Position::of(text, offset),
            problem,
        };
        let read: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            at(offset, error.message().replace('\n', "; "))
        })?;
        for (name, value) in [
            ("cycles_percent", read.cycles_percent),
            ("time_percent", read.time_percent),
            ("noise_percent", read.noise_percent),
        ] {
            if !(0.0..=1000.0).contains(&value) {
                let offset = text.find(name).unwrap_or_default();
                let problem = format!("{name} is {value}, expected 0 to 1000 percent");
                return Err(at(offset, problem));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Thresholds, String> {
        Thresholds::parse(text, Path::new("t.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_named_has_its_default() {
        let read = parse("flash_bytes = 9\n").unwrap();
        assert_eq!(read.flash_bytes, 9);
        assert_eq!(read.ram_bytes, Thresholds::default().ram_bytes);
        assert_eq!(parse("").unwrap(), Thresholds::default());
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, wanted) in [
            (
                "ram_bytes = 1\nflash_byte = 1\n",
                "t.toml:2:1: unknown field `flash_byte`",
            ),
            ("flash_bytes = \"1\"\n", "t.toml:1:15: invalid type"),
            (
                "\ncycles_percent = -1.0\n",
                "t.toml:2:1: cycles_percent is -1, expected 0 to",
            ),
            ("noise_percent = nan\n", "t.toml:1:1: noise_percent is NaN"),
            ("flash_bytes = \n", "t.toml:1:"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.starts_with(wanted), "{said}");
        }
    }
}
