//! The whole report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::ScenarioEntry;
use super::firmware::FirmwareFacts;
use crate::runner::Summary;

/// Value of [`Report::schema`].
pub const SCHEMA: &str = "hil-report";
/// Value of [`Report::version`].
pub const VERSION: u32 = 2;

/// One run, or several shards of one: the content of `report.json`.
///
/// A reader checks `schema` and `version` first. Times of day are RFC 3339 in UTC; paths are
/// relative to the report folder, with `/` between folders. Secrets never get here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always `hil-report`.
    pub schema: String,
    /// Rises when a field is renamed, removed or changes its meaning.
    pub version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// State of the source tree that was tested; null when it is not known.
    pub commit: Option<Commit>,
    /// When the run began.
    pub started: String,
    /// Wall time from start to end, in milliseconds.
    pub wall_time_ms: u64,
    /// Seed of everything random. As text: JSON numbers lose the upper bits of 64 in many readers.
    pub seed: String,
    /// Scenarios that may have run at the same time.
    pub workers: u64,
    /// Which part of the selection this run was, as `--partition` took it; null for all of it.
    pub partition: Option<String>,
    /// Whether the run was told to stop early.
    pub interrupted: bool,
    /// How often a scenario that did not pass was tried again, at most.
    pub retries: u32,
    /// What went wrong besides what the scenarios want, as `--fault` took it.
    pub faults: Vec<String>,
    /// How many scenarios ended how.
    pub summary: Summary,
    /// The image; null when no board ran it.
    pub firmware: Option<FirmwareFacts>,
    /// Every scenario on every board of the plan, in the plan's order.
    pub scenarios: Vec<ScenarioEntry>,
    /// Scenarios that the baseline executed and this run, though it should have, did not.
    pub vanished: Vec<Vanished>,
}

/// A program and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `hil`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A state of the source tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// The commit's identifier.
    pub id: String,
    /// Whether files differed from the commit.
    pub dirty: bool,
}

/// A scenario that is missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Vanished {
    /// `native::T01::factory_fresh`.
    pub path: String,
    /// What became of it.
    pub reason: String,
}

impl Report {
    /// The scenario of this path, such as `native::T01::factory_fresh`.
    pub fn scenario(&self, path: &str) -> Option<&ScenarioEntry> {
        self.scenarios.iter().find(|entry| entry.path() == path)
    }

    /// The boards, each once, in the order of the scenarios.
    pub fn boards(&self) -> Vec<&str> {
        let mut boards: Vec<&str> = Vec::new();
        for entry in &self.scenarios {
            if !boards.contains(&entry.board.as_str()) {
                boards.push(&entry.board);
            }
        }
        boards
    }

    /// The text of `report.json`.
    ///
    /// # Errors
    /// None that depends on the report's content.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}
