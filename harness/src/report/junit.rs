//! `junit.xml`: the run for CI services.
//!
//! A failed scenario is a `<failure>`, a broken bench an `<error>`, so that one is never taken
//! for the other. A flaky one passes and carries its failed attempts as `<flakyFailure>`.

use quick_junit::TestSuite;
use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestRerun};

use super::collector::RunRecord;
use crate::runner::{Job, Record};
use crate::scenario::{Board, Outcome, Verdict};

/// The text of `junit.xml`: one suite for each board.
pub(super) fn render(run: &RunRecord) -> Result<String, SerializeError> {
    let mut report = Report::new("hil");
    report.set_time(run.wall_time);
    let mut boards: Vec<&Board> = Vec::new();
    for (job, _) in &run.jobs {
        if !boards.contains(&&job.board) {
            boards.push(&job.board);
        }
    }
    for board in boards {
        let cases = run.jobs.iter().filter(|(job, _)| job.board == *board);
        let mut suite = TestSuite::new(board.name());
        suite.add_test_cases(cases.map(|(job, record)| case(job, record.as_ref())));
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn case(job: &Job, record: Option<&Record>) -> TestCase {
    let status = record.map_or_else(|| skipped("interrupted before it started"), status);
    let name = format!("{}::{}", job.scenario.id, job.scenario.name);
    let mut case = TestCase::new(name, status);
    case.set_classname(job.board.name());
    case.extra.insert("title".into(), job.scenario.title.into());
    if let Some(record) = record {
        case.set_time(record.last.wall_time);
        if !matches!(record.last.verdict, Verdict::Pass) {
            case.set_system_out(&record.last.transcript);
            case.set_system_err(&record.last.device_log);
        }
    }
    case
}

fn status(record: &Record) -> TestCaseStatus {
    let mut status = match &record.last.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail(reason) => non_success(NonSuccessKind::Failure, reason),
        Verdict::Infra(reason) => non_success(NonSuccessKind::Error, reason),
        Verdict::Skipped(reason) => skipped(reason),
    };
    for outcome in &record.earlier {
        status.add_rerun(rerun(outcome));
    }
    status
}

fn rerun(outcome: &Outcome) -> TestRerun {
    let kind = match outcome.verdict {
        Verdict::Infra(_) => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut rerun = TestRerun::new(kind);
    rerun.set_time(outcome.wall_time);
    let reason = outcome.verdict.reason().unwrap_or_default();
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

fn skipped(reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(reason);
    status
}

/// Attributes are for one line; the whole reason is the element's text.
fn first_line(reason: &str) -> &str {
    reason.lines().next().unwrap_or_default()
}
