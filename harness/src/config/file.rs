//! The file's format, and what it means.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use probe_rs::probe::DebugProbeSelector;
use serde::Deserialize;
use toml::Spanned;

use super::RESERVED_NAMES;
use super::error::{ConfigError, Problem};
use super::position::Position;
use crate::board::ChipKind;

/// Rate of the modem's UART where a board names none: that of the modem from the factory
/// (MODEM.md 3.3), in bits per second.
pub const DEFAULT_BAUD: u32 = 115_200;

/// Rates a board's UART can be set to, in bits per second.
const BAUD: std::ops::RangeInclusive<u32> = 300..=5_000_000;

/// Longest name of a board, in bytes.
const NAME_LIMIT: usize = 64;

/// All real boards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// In the order of the file.
    pub boards: Vec<BoardConfig>,
}

/// One real board, or a virtual one in desk mode, which looks the same from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardConfig {
    /// Name on the command line and in reports.
    pub name: String,
    /// The chip on it.
    pub chip: ChipKind,
    /// Which debug probe: `VID:PID` or `VID:PID:SERIAL`, checked.
    pub probe: String,
    /// Host end of the UART that the firmware takes for its modem.
    pub modem_port: Option<PathBuf>,
    /// A real modem to pass the bytes through to.
    pub modem: Option<RealModem>,
    /// Rate of the modem's UART, in bits per second.
    pub baud: u32,
}

/// A modem on a serial port of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealModem {
    /// Its port.
    pub port: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    #[serde(default)]
    board: Vec<Spanned<RawBoard>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBoard {
    name: Spanned<String>,
    chip: Spanned<String>,
    probe: Spanned<String>,
    modem_port: Option<Spanned<String>>,
    modem: Option<Spanned<RawModem>>,
    baud: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModem {
    real: Spanned<String>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Reads `text`, which is the content of `path`.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let at = |offset: usize, problem: Problem| ConfigError::At {
            path: path.to_owned(),
            position: Position::of(text, offset),
            problem: Box::new(problem),
        };
        let raw: RawConfig = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            at(offset, Problem::Syntax(one_line(error.message())))
        })?;
        let mut seen = Seen::default();
        let mut boards = Vec::new();
        for board in raw.board {
            let board = seen
                .check(text, board.into_inner())
                .map_err(|(span, problem)| at(span.start, problem))?;
            boards.push(board);
        }
        Ok(Self { boards })
    }

    /// The board of that name.
    pub fn board(&self, name: &str) -> Option<&BoardConfig> {
        self.boards.iter().find(|board| board.name == name)
    }
}

/// What the boards before have taken.
#[derive(Default)]
struct Seen {
    names: HashMap<String, usize>,
    probes: HashMap<String, String>,
    ports: HashMap<String, String>,
}

type Located = (Range<usize>, Problem);

impl Seen {
    fn check(&mut self, text: &str, raw: RawBoard) -> Result<BoardConfig, Located> {
        let name = self.name(text, raw.name)?;
        let chip = chip(&raw.chip)?;
        let probe = self.probe(&name, &raw.probe)?;
        let modem_port = raw
            .modem_port
            .map(|port| self.port(&name, "modem_port", &port))
            .transpose()?;
        let modem = match raw.modem {
            None => None,
            Some(modem) if modem_port.is_none() => {
                return Err((modem.span(), Problem::RealModemAlone));
            }
            Some(modem) => Some(RealModem {
                port: self.port(&name, "modem.real", &modem.into_inner().real)?,
            }),
        };
        Ok(BoardConfig {
            name,
            chip,
            probe,
            modem_port,
            modem,
            baud: raw.baud.map_or(Ok(DEFAULT_BAUD), |baud| rate(&baud))?,
        })
    }

    fn name(&mut self, text: &str, name: Spanned<String>) -> Result<String, Located> {
        let span = name.span();
        let name = name.into_inner();
        let problem = if !is_name(&name) {
            Problem::Name(name)
        } else if RESERVED_NAMES.contains(&name.as_str()) {
            Problem::Reserved(name)
        } else if let Some(first) = self.names.get(&name) {
            Problem::DuplicateName {
                name,
                first: *first,
            }
        } else {
            let line = Position::of(text, span.start).line;
            self.names.insert(name.clone(), line);
            return Ok(name);
        };
        Err((span, problem))
    }

    fn probe(&mut self, board: &str, probe: &Spanned<String>) -> Result<String, Located> {
        let value = probe.get_ref().trim().to_owned();
        if DebugProbeSelector::from_str(&value).is_err() {
            return Err((probe.span(), Problem::Probe(value)));
        }
        let taken = self.probes.insert(value.to_lowercase(), board.to_owned());
        shared("probe", &value, taken).map_err(|problem| (probe.span(), problem))?;
        Ok(value)
    }

    fn port(
        &mut self,
        board: &str,
        key: &'static str,
        port: &Spanned<String>,
    ) -> Result<PathBuf, Located> {
        let value = port.get_ref();
        if value.is_empty() {
            return Err((port.span(), Problem::EmptyPath { key }));
        }
        let taken = self.ports.insert(value.clone(), board.to_owned());
        shared("serial port", value, taken).map_err(|problem| (port.span(), problem))?;
        Ok(PathBuf::from(value))
    }
}

fn shared(what: &'static str, value: &str, taken: Option<String>) -> Result<(), Problem> {
    match taken {
        None => Ok(()),
        Some(board) => Err(Problem::Shared {
            what,
            value: value.to_owned(),
            board,
        }),
    }
}

fn chip(name: &Spanned<String>) -> Result<ChipKind, Located> {
    ChipKind::from_name(name.get_ref()).ok_or_else(|| {
        let problem = Problem::Chip {
            name: name.get_ref().clone(),
            known: ChipKind::ALL.iter().map(|chip| chip.name()).collect(),
        };
        (name.span(), problem)
    })
}

fn rate(baud: &Spanned<i64>) -> Result<u32, Located> {
    u32::try_from(*baud.get_ref())
        .ok()
        .filter(|baud| BAUD.contains(baud))
        .ok_or_else(|| {
            let problem = Problem::Baud {
                value: *baud.get_ref(),
                min: *BAUD.start(),
                max: *BAUD.end(),
            };
            (baud.span(), problem)
        })
}

fn is_name(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.len() <= NAME_LIMIT
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The parser writes some of its messages over several lines.
fn one_line(message: &str) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    lines.join("; ")
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
