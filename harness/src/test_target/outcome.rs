//! What became of a test.

use std::fmt::Write as _;
use std::time::Duration;

/// What a test showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It failed: why, and where the processor was.
    Failed(String),
    /// It never began: an earlier test of the same program ended the program.
    NotRun(String),
    /// The bench failed; nothing is known of the test.
    Infra(String),
}

/// What became of one test.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it showed.
    pub verdict: Verdict,
    /// What the device logged meanwhile, a line each.
    pub log: Vec<String>,
    /// How long it took, in the board's time: from the reset, or from the line that announced it.
    pub took: Duration,
    /// What was spent beside the test, in wall time: reset, start of the program, its question
    /// which test to run. Not for tests that begin without a reset.
    pub overhead: Option<Duration>,
}

impl Outcome {
    pub(super) const fn without_log(verdict: Verdict) -> Self {
        Self {
            verdict,
            log: Vec::new(),
            took: Duration::ZERO,
            overhead: None,
        }
    }

    /// The log under a heading; nothing when there is none.
    pub fn log_text(&self) -> String {
        let mut text = String::new();
        if !self.log.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(text, "--- device log, {} lines", self.log.len());
            for line in &self.log {
                let _ = write!(text, "\n{line}");
            }
        }
        text
    }
}
