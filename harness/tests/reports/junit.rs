//! `junit.xml` as somebody else's parser reads it.

use std::fs;
use std::io::BufReader;
use std::process::Command;

use harness::report::{self, Quarantined};
use harness::runner::Status;
use junit_parser::{RerunOrFlakyKind, TestCase, TestSuites};

use crate::fixture;

/// Every status, read back.
fn parsed() -> TestSuites {
    let root = tempfile::tempdir().unwrap();
    let mut report = report::load(&fixture("v1/statuses")).unwrap().report;
    let mut held = report.scenarios[3].clone();
    held.name = "held".to_owned();
    held.status = Status::Quarantined;
    held.quarantine = Some(Quarantined {
        reason: "a <broken> antenna".to_owned(),
        owner: "bench".to_owned(),
        issue: None,
        expires: "2999-12-31".to_owned(),
        expired: false,
        place: "quarantine.toml:2".to_owned(),
    });
    report.scenarios.push(held);
    report.interrupted = false;
    let part = root.path().join("part");
    fs::create_dir(&part).unwrap();
    fs::write(part.join("report.json"), report.to_json().unwrap()).unwrap();
    let all = root.path().join("all");
    let output = Command::new(env!("CARGO_BIN_EXE_hil"))
        .args(["report", "merge"])
        .args([&all, &part])
        .output()
        .unwrap();
    // A failure outweighs the broken bench.
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let file = fs::File::open(all.join("junit.xml")).unwrap();
    junit_parser::from_reader(BufReader::new(file)).unwrap()
}

#[test]
fn every_status_is_what_readers_expect() {
    let suites = parsed();
    assert_eq!(
        (suites.tests, suites.failures, suites.errors, suites.skipped),
        (6, 1, 1, 2)
    );
    let [suite] = suites.suites.as_slice() else {
        panic!("one board, one suite: {suites:?}")
    };
    assert_eq!(suite.name, "native");
    let case = |name: &str| -> &TestCase {
        let mut cases = suite.cases.iter();
        cases
            .find(|case| case.original_name.ends_with(name))
            .unwrap()
    };
    assert!(case("factory_fresh").status.is_success());
    let flaky = case("flaky_one");
    assert!(flaky.status.is_success());
    assert_eq!(flaky.reruns.len(), 1);
    assert!(matches!(
        flaky.reruns[0].kind,
        RerunOrFlakyKind::FlakyFailure
    ));
    assert_eq!(
        case("broken_bench").status.error_as_ref().message,
        "port in use"
    );
    let failure = case("wrong_apn").status.failure_as_ref();
    assert_eq!(failure.message, "no message");
    // Entities within a text are more than this parser can put together.
    assert!(failure.text.starts_with("no message\n"), "{}", failure.text);
    let held = case("held").status.skipped_as_ref();
    assert_eq!(
        held.message,
        "quarantined until 2999-12-31 (a <broken> antenna; owner: bench): no message"
    );
    let never = case("never_started").status.skipped_as_ref();
    assert_eq!(never.message, "interrupted before it started");
}
