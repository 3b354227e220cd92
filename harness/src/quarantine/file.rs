//! The file's format, and what it means.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use time::{Date, Month};
use toml::Spanned;
use toml::value::Datetime;

use super::error::{Problem, QuarantineError};
use crate::config::Position;
use crate::scenario::Scenario;

/// All entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantine {
    path: PathBuf,
    /// Scenarios that do not gate, in the order of the file.
    pub entries: Vec<Entry>,
    /// Scenarios that are gone on purpose.
    pub removed: Vec<Removed>,
}

/// A scenario that does not gate for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `T05::wrong_apn`.
    pub scenario: String,
    /// On this board only.
    pub board: Option<String>,
    /// What is known of the trouble.
    pub reason: String,
    /// Who lifts it.
    pub owner: String,
    /// Where the work on it is kept track of.
    pub issue: Option<String>,
    /// The last day, in UTC.
    pub expires: Date,
    /// Where it stands.
    pub line: usize,
}

/// A scenario that a baseline may still have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// `T05::wrong_apn`.
    pub scenario: String,
    /// Why it is gone.
    pub reason: String,
    /// Who has decided it.
    pub owner: String,
    /// Where it stands.
    pub line: usize,
}

/// An entry as it concerns one job today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The entry.
    pub entry: Entry,
    /// Its last day is over: it holds nothing back any more.
    pub expired: bool,
    /// File and line.
    pub place: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    quarantine: Vec<RawEntry>,
    #[serde(default)]
    removed: Vec<RawRemoved>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    scenario: Spanned<String>,
    board: Option<Spanned<String>>,
    reason: Spanned<String>,
    owner: Spanned<String>,
    issue: Option<Spanned<String>>,
    expires: Spanned<Datetime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRemoved {
    scenario: Spanned<String>,
    reason: Spanned<String>,
    owner: Spanned<String>,
}

/// A byte of the file, and what is wrong there.
type Located = (usize, Problem);

impl Quarantine {
    /// Reads a file.
    ///
    /// # Errors
    /// See [`QuarantineError`].
    pub fn read(path: &Path) -> Result<Self, QuarantineError> {
        let text = fs::read_to_string(path).map_err(|source| QuarantineError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Reads `text`, which is the content of `path`.
    ///
    /// # Errors
    /// See [`QuarantineError`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, QuarantineError> {
        let parsed = toml::from_str(text)
            .map_err(|error| {
                let offset = error.span().map_or(0, |span| span.start);
                (offset, Problem::Syntax(one_line(error.message())))
            })
            .and_then(|raw| Self::check(text, path, raw));
        parsed.map_err(|(offset, problem)| QuarantineError::At {
            path: path.to_owned(),
            position: Position::of(text, offset),
            problem,
        })
    }

    fn check(text: &str, path: &Path, raw: RawFile) -> Result<Self, Located> {
        let line = |span: std::ops::Range<usize>| Position::of(text, span.start).line;
        let mut checked = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        for raw in raw.quarantine {
            let entry = Entry {
                line: line(raw.scenario.span()),
                scenario: raw.scenario.get_ref().clone(),
                board: raw.board.map(Spanned::into_inner),
                reason: told(&raw.reason, "reason", "what is known of the trouble")?,
                owner: told(&raw.owner, "owner", "who lifts the quarantine")?,
                issue: raw.issue.map(Spanned::into_inner),
                expires: date(&raw.expires)?,
            };
            let twin = |other: &&Entry| {
                let same_board = other.board == entry.board;
                other.scenario == entry.scenario && same_board
            };
            if let Some(twin) = checked.entries.iter().find(twin) {
                let problem = Problem::Duplicate {
                    name: entry.scenario,
                    first: twin.line,
                };
                return Err((raw.scenario.span().start, problem));
            }
            checked.entries.push(entry);
        }
        for raw in raw.removed {
            checked.removed.push(Removed {
                line: line(raw.scenario.span()),
                scenario: raw.scenario.into_inner(),
                reason: told(&raw.reason, "reason", "why it is gone")?,
                owner: told(&raw.owner, "owner", "who has decided it")?,
            });
        }
        Ok(checked)
    }

    /// Checks that every entry is about a scenario of `registry`, and that none is said to be gone.
    ///
    /// # Errors
    /// [`QuarantineError::At`] for the first one that is not so.
    pub fn check_names(&self, registry: &[Scenario]) -> Result<(), QuarantineError> {
        let name = |scenario: &Scenario| format!("{}::{}", scenario.id, scenario.name);
        let is_known = |wanted: &str| registry.iter().any(|scenario| name(scenario) == wanted);
        let at = |line, problem| {
            Err(QuarantineError::At {
                path: self.path.clone(),
                position: Position { line, column: 1 },
                problem,
            })
        };
        for entry in &self.entries {
            if !is_known(&entry.scenario) {
                let names = registry.iter().map(name);
                let distance = |name: &String| strsim::osa_distance(name, &entry.scenario);
                let problem = Problem::Unknown {
                    name: entry.scenario.clone(),
                    closest: names.min_by_key(distance).unwrap_or_default(),
                };
                return at(entry.line, problem);
            }
        }
        match self.removed.iter().find(|gone| is_known(&gone.scenario)) {
            Some(there) => at(there.line, Problem::NotRemoved(there.scenario.clone())),
            None => Ok(()),
        }
    }

    /// The entry for a scenario on a board, as it stands on the day `today`: one for this board
    /// before one for all.
    pub fn hold(&self, scenario: &Scenario, board: &str, today: Date) -> Option<Hold> {
        let name = format!("{}::{}", scenario.id, scenario.name);
        let of_board = |wanted: Option<&str>| {
            let mut entries = self.entries.iter();
            entries.find(|entry| entry.scenario == name && entry.board.as_deref() == wanted)
        };
        let entry = of_board(Some(board)).or_else(|| of_board(None))?;
        Some(Hold {
            entry: entry.clone(),
            expired: entry.expires < today,
            place: format!("{}:{}", self.path.display(), entry.line),
        })
    }

    /// Whether the scenario `T05::wrong_apn` is gone on purpose.
    pub fn is_removed(&self, scenario: &str) -> bool {
        self.removed.iter().any(|gone| gone.scenario == scenario)
    }
}

fn told(text: &Spanned<String>, key: &'static str, what: &'static str) -> Result<String, Located> {
    match text.get_ref().trim() {
        "" => Err((text.span().start, Problem::Empty { key, what })),
        text => Ok(text.to_owned()),
    }
}

fn date(value: &Spanned<Datetime>) -> Result<Date, Located> {
    let read = |value: &Datetime| {
        let date = value.date.filter(|_| value.time.is_none())?;
        let month = Month::try_from(date.month).ok()?;
        Date::from_calendar_date(i32::from(date.year), month, date.day).ok()
    };
    read(value.get_ref()).ok_or_else(|| {
        let problem = Problem::Date(value.get_ref().to_string());
        (value.span().start, problem)
    })
}

/// The parser writes some of its messages over several lines.
fn one_line(message: &str) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    lines.join("; ")
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
