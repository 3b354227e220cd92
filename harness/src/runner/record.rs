//! What became of a job, and of all of them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::Job;
use crate::quarantine::Hold;
use crate::scenario::{Outcome, Verdict};

/// The verdict on a job after all its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Passed at the first attempt.
    Pass,
    /// Passed, but not at the first attempt.
    Flaky,
    /// An assertion did not hold, at the last attempt too.
    Fail,
    /// The bench broke, at the last attempt too.
    Infra,
    /// Did not pass, and has an entry in the quarantine file: told, but does not gate.
    Quarantined,
    /// Not run.
    Skipped,
}

impl Status {
    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Flaky => "flaky",
            Self::Fail => "fail",
            Self::Infra => "infra",
            Self::Quarantined => "quarantined",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A job with its attempts.
#[derive(Debug, Clone)]
pub struct Record {
    /// What ran.
    pub job: Job,
    /// Attempts that were tried again, the first one first.
    pub earlier: Vec<Outcome>,
    /// The attempt that counts.
    pub last: Outcome,
    /// Its entry in the quarantine file.
    pub hold: Option<Hold>,
}

impl Record {
    /// The verdict on the job. Quarantine covers what did not simply pass, until it expires.
    pub fn status(&self) -> Status {
        let is_held = self.hold.as_ref().is_some_and(|hold| !hold.expired);
        match self.of_attempts() {
            Status::Flaky | Status::Fail | Status::Infra if is_held => Status::Quarantined,
            status => status,
        }
    }

    fn of_attempts(&self) -> Status {
        match &self.last.verdict {
            Verdict::Pass if self.earlier.is_empty() => Status::Pass,
            Verdict::Pass => Status::Flaky,
            Verdict::Fail(_) => Status::Fail,
            Verdict::Infra(_) => Status::Infra,
            Verdict::Skipped(_) => Status::Skipped,
        }
    }

    /// Every attempt, the first one first.
    pub fn attempts(&self) -> impl Iterator<Item = &Outcome> {
        self.earlier.iter().chain(std::iter::once(&self.last))
    }
}

/// How many jobs ended how. The fields add up to the number of jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// [`Status::Pass`].
    pub passed: usize,
    /// [`Status::Flaky`].
    pub flaky: usize,
    /// [`Status::Fail`].
    pub failed: usize,
    /// [`Status::Infra`].
    pub infra: usize,
    /// [`Status::Quarantined`].
    pub quarantined: usize,
    /// [`Status::Skipped`], or never started because the run was interrupted.
    pub skipped: usize,
}

impl Summary {
    /// With those of `jobs` in all that were never counted, because the run was interrupted.
    #[must_use]
    pub fn with_skipped(self, jobs: usize) -> Self {
        let counted = self.passed + self.flaky + self.failed + self.infra + self.quarantined;
        Self {
            skipped: jobs.saturating_sub(counted),
            ..self
        }
    }

    /// Counts one more job.
    pub fn count(&mut self, status: Status) {
        let field = match status {
            Status::Pass => &mut self.passed,
            Status::Flaky => &mut self.flaky,
            Status::Fail => &mut self.failed,
            Status::Infra => &mut self.infra,
            Status::Quarantined => &mut self.quarantined,
            Status::Skipped => &mut self.skipped,
        };
        *field += 1;
    }
}
