//! One scenario on one board.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use crate::runner::Status;

/// One scenario on one board, with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioEntry {
    /// Short stable identifier such as `T05`; several scenarios may share it.
    pub id: String,
    /// The function's name, unique.
    pub name: String,
    /// What it is about, in one line.
    pub title: String,
    /// Where the story comes from.
    pub origin: String,
    /// Symptom, cause, and what the device has to do.
    pub explanation: String,
    /// Name of the board it ran on.
    pub board: String,
    /// The verdict after all attempts.
    pub status: Status,
    /// Why, for everything but a pass: the reason of the last attempt.
    pub reason: Option<String>,
    /// The first report known in which it did not pass and has not passed since; null when it
    /// passes, or when there was no baseline to compare with.
    pub since: Option<Since>,
    /// Its entry in the quarantine file; null when it has none.
    pub quarantine: Option<Quarantined>,
    /// A command that runs it again in the same way.
    pub replay: String,
    /// Every attempt, the first one first; empty when it was never started.
    pub attempts: Vec<Attempt>,
}

impl ScenarioEntry {
    /// `native::T01::factory_fresh`: unique in a report, the name of the test in `cargo test`.
    pub fn path(&self) -> String {
        format!("{}::{}::{}", self.board, self.id, self.name)
    }

    /// The attempt that counts: the last one.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Whether an attempt was made that says something of the scenario.
    pub fn was_executed(&self) -> bool {
        self.status != Status::Skipped
    }
}

/// The run in which a scenario was first seen not to pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Since {
    /// Identifier of the commit; null when it was not known.
    pub commit: Option<String>,
    /// When that run began.
    pub started: String,
}

/// Why a scenario does not gate, who answers for that, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quarantined {
    /// What is known of the trouble.
    pub reason: String,
    /// Who lifts it.
    pub owner: String,
    /// Where the work on it is kept track of.
    pub issue: Option<String>,
    /// Its last day, `2026-12-31`, in UTC.
    pub expires: String,
    /// Whether that day was over: the scenario gates again, and the run fails until the entry is
    /// renewed or removed.
    pub expired: bool,
    /// Where the entry stands: file and line.
    pub place: String,
}
