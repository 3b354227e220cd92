//! Whether a run ended as expected.

use super::model::{Report, ScenarioEntry};
use crate::runner::Status;

/// How a run ended, for whoever gates on it. What comes first outweighs what comes after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Told to stop early: nothing is decided.
    Interrupted,
    /// Something is known to be wrong.
    Failed,
    /// The bench broke: nothing is known of some scenarios.
    Infra,
    /// Everything as expected.
    Success,
}

/// The ending, and what the verdict lines do not show of its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// How it ended.
    pub ending: Ending,
    /// What failed the run besides scenarios that failed, a line each.
    pub reasons: Vec<String>,
    /// What somebody should know of a run that may be green.
    pub notes: Vec<String>,
}

impl Report {
    /// Judges the run; with `strict`, a flaky scenario is a failure.
    pub fn gate(&self, strict: bool) -> Gate {
        let mut reasons = Vec::new();
        for gone in &self.vanished {
            reasons.push(format!("vanished: {}: {}", gone.path, gone.reason));
        }
        if !self.vanished.is_empty() {
            reasons.push(
                "fewer scenarios were executed than in the baseline: bring them back, or say in \
                 [[removed]] of the quarantine file why they are gone"
                    .to_owned(),
            );
        }
        reasons.extend(self.expired());
        let flaky = self.scenarios.iter();
        let flaky = flaky.filter(|entry| strict && entry.status == Status::Flaky);
        reasons.extend(flaky.map(|entry| format!("flaky, with --strict: {}", entry.path())));
        let ending = if self.interrupted {
            Ending::Interrupted
        } else if self.summary.failed > 0 || !reasons.is_empty() {
            Ending::Failed
        } else if self.summary.infra > 0 {
            Ending::Infra
        } else {
            Ending::Success
        };
        Gate {
            ending,
            reasons,
            notes: self.scenarios.iter().filter_map(healed).collect(),
        }
    }

    /// A line for each entry of the quarantine file whose time is over, once for all boards.
    fn expired(&self) -> Vec<String> {
        let mut told: Vec<String> = Vec::new();
        for entry in &self.scenarios {
            let Some(held) = entry.quarantine.as_ref().filter(|held| held.expired) else {
                continue;
            };
            let line = format!(
                "{}: the quarantine of {}::{} expired on {} (owner: {}): renew or remove it",
                held.place, entry.id, entry.name, held.expires, held.owner
            );
            if !told.contains(&line) {
                told.push(line);
            }
        }
        told
    }
}

/// Says that a quarantine is not needed any more.
fn healed(entry: &ScenarioEntry) -> Option<String> {
    let held = entry.quarantine.as_ref().filter(|held| !held.expired)?;
    (entry.status == Status::Pass).then(|| {
        format!(
            "{}: {} passes: lift its quarantine if that lasts (owner: {})",
            held.place,
            entry.path(),
            held.owner
        )
    })
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
