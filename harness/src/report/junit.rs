//! `junit.xml`: the run for CI services.
//!
//! A failed scenario is a `<failure>`, a broken bench an `<error>`, so that one is never taken
//! for the other. A flaky one passes and carries its failed attempts as `<flakyFailure>` or
//! `<flakyError>`. One in quarantine ran, but must not gate: it is `<skipped>`, with the reason and
//! the owner as its message, and what it left behind.

use std::time::Duration;

use quick_junit::TestSuite;
use quick_junit::{
    NonSuccessKind, Report as JUnit, SerializeError, TestCase, TestCaseStatus, TestRerun,
};

use super::loaded::Loaded;
use super::model::{Attempt, AttemptVerdict, ScenarioEntry};
use crate::runner::Status;

/// The text of `junit.xml`: one suite for each board.
pub(super) fn render(loaded: &Loaded) -> Result<String, SerializeError> {
    let report = &loaded.report;
    let mut junit = JUnit::new("hil");
    junit.set_time(Duration::from_millis(report.wall_time_ms));
    for board in report.boards() {
        let mut suite = TestSuite::new(board);
        let entries = report.scenarios.iter().filter(|entry| entry.board == board);
        suite.add_test_cases(entries.map(|entry| case(loaded, entry)));
        junit.add_test_suite(suite);
    }
    junit.to_string()
}

fn case(loaded: &Loaded, entry: &ScenarioEntry) -> TestCase {
    let name = format!("{}::{}", entry.id, entry.name);
    let mut case = TestCase::new(name, status(entry));
    case.set_classname(&entry.board);
    if let Some(last) = entry.last() {
        case.set_time(Duration::from_millis(last.wall_time_ms));
        if last.verdict != AttemptVerdict::Pass {
            // Whoever has the report alone still has the verdicts.
            let text = |path| loaded.artefact(path).unwrap_or_default();
            case.set_system_out(text(&last.artefacts.transcript));
            case.set_system_err(text(&last.artefacts.device_log));
        }
    }
    case
}

fn status(entry: &ScenarioEntry) -> TestCaseStatus {
    let reason = entry.reason.as_deref().unwrap_or_default();
    let mut status = match entry.status {
        Status::Pass | Status::Flaky => TestCaseStatus::success(),
        Status::Fail => non_success(NonSuccessKind::Failure, reason),
        Status::Infra => non_success(NonSuccessKind::Error, reason),
        Status::Quarantined => skipped(&quarantined(entry, reason)),
        Status::Skipped => skipped(reason),
    };
    let earlier = entry.attempts.len().saturating_sub(1);
    for attempt in entry.attempts.iter().take(earlier) {
        status.add_rerun(rerun(attempt));
    }
    status
}

fn rerun(attempt: &Attempt) -> TestRerun {
    let kind = match attempt.verdict {
        AttemptVerdict::Infra => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut rerun = TestRerun::new(kind);
    rerun.set_time(Duration::from_millis(attempt.wall_time_ms));
    let reason = attempt.reason.as_deref().unwrap_or_default();
    rerun.set_message(first_line(reason));
    rerun.set_description(reason);
    rerun
}

fn non_success(kind: NonSuccessKind, reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(first_line(reason));
    status.set_description(reason);
    status
}

/// Readers know no third colour: what must not gate may not be a failure, and is no success.
fn quarantined(entry: &ScenarioEntry, reason: &str) -> String {
    let reason = first_line(reason);
    let Some(held) = &entry.quarantine else {
        return format!("quarantined: {reason}");
    };
    format!(
        "quarantined until {} ({}; owner: {}): {reason}",
        held.expires, held.reason, held.owner
    )
}

fn skipped(reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(first_line(reason));
    status
}

/// Attributes are for one line; the whole reason is the element's text.
fn first_line(reason: &str) -> &str {
    reason.lines().next().unwrap_or_default()
}
