use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::*;
use crate::report::Collector;
use crate::report::model::Context;
use crate::report::sample;
use crate::runner::{Event, Record, Reporter as _};
use crate::scenario::Verdict;

/// A run heard out of order, as several workers make it, with a last job never started.
fn run() -> RunRecord {
    let fail = || Verdict::Fail("no message\nwithin <120 s>".to_owned());
    let mut records = vec![
        sample::record("T01", "factory_fresh", vec![Verdict::Pass]),
        sample::record("T02", "flaky_one", vec![fail(), Verdict::Pass]),
        sample::record(
            "T03",
            "broken_bench",
            vec![Verdict::Infra("port in use".to_owned())],
        ),
        sample::record("T05", "wrong_apn", vec![fail()]),
        sample::record("T09", "never_started", vec![Verdict::Pass]),
    ];
    for record in &mut records {
        if let Verdict::Fail(_) = record.last.verdict {
            record.last.mismatches = vec![crate::rig::Mismatch {
                name: format!("{}_x.at", record.job.scenario.id),
                expected: Some("> AT".to_owned()),
                actual: "> AT+S".to_owned(),
            }];
        }
    }
    let mut collector = Collector::default();
    let jobs = records.iter().map(|record| record.job.clone()).collect();
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_768_471_200);
    collector.event(&Event::RunStarted {
        jobs,
        workers: 2,
        firmware: None,
        seed: u64::MAX,
        started,
        retries: 1,
        faults: Vec::new(),
        partition: None,
    });
    let finished: Vec<(usize, Record)> = records.into_iter().enumerate().take(4).collect();
    for (index, record) in finished.into_iter().rev() {
        collector.event(&Event::ScenarioFinished {
            worker: 0,
            index,
            record: Box::new(record),
        });
    }
    let wall_time = Duration::from_millis(2100);
    collector.event(&Event::RunFinished {
        wall_time,
        interrupted: true,
    });
    collector.into_run()
}

#[test]
fn report_json_is_for_programs() {
    let report = Report::of(&run(), &Context::default());
    let report: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(report["schema"], "hil-report");
    assert_eq!(report["version"], 2);
    assert_eq!(report["commit"], Value::Null);
    assert_eq!(report["retries"], 1);
    assert_eq!(report["tool"]["name"], "hil");
    assert_eq!(report["started"], "2026-01-15T10:00:00Z");
    assert_eq!(report["wall_time_ms"], 2100);
    assert_eq!(report["seed"], "18446744073709551615");
    assert_eq!(report["interrupted"], true);
    assert_eq!(
        report["summary"],
        json!({ "passed": 1, "flaky": 1, "failed": 1, "infra": 1, "quarantined": 0, "skipped": 1 })
    );
    let statuses: Vec<&Value> = report["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["status"])
        .collect();
    assert_eq!(statuses, ["pass", "flaky", "infra", "fail", "skipped"]);
    let flaky = &report["scenarios"][1];
    assert_eq!(flaky["reason"], Value::Null);
    assert_eq!(
        flaky["replay"],
        "cargo hil run --exact T02::flaky_one --board native --seed 18446744073709551615"
    );
    assert_eq!(flaky["attempts"][0]["reason"], "no message\nwithin <120 s>");
    assert_eq!(flaky["attempts"][0]["virtual_time_ns"], 38_240_000_000_u64);
    assert_eq!(report["scenarios"][4]["attempts"], json!([]));
}

#[test]
fn junit_tells_a_failure_from_an_error() {
    let loaded = Loaded {
        report: Report::of(&run(), &Context::default()),
        folder: PathBuf::new(),
    };
    let text = junit::render(&loaded).unwrap();
    let expected = [
        r#"<testsuite name="native" tests="5" skipped="1" errors="1" failures="1">"#,
        r#"<testcase name="T02::flaky_one" classname="native" time="0.412""#,
        r#"<flakyFailure time="0.412" message="no message">no message"#,
        r#"<error message="port in use">port in use</error>"#,
        r#"<failure message="no message">no message
within &lt;120 s&gt;</failure>"#,
        r#"<skipped message="interrupted before it started"/>"#,
    ];
    for part in expected {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
}

#[test]
fn every_artefact_is_where_the_report_says() {
    let root = tempfile::tempdir().unwrap();
    let folder = Folder::prepare(&root.path().join("report")).unwrap();
    let run = run();
    write(&Report::of(&run, &Context::default()), None, &run, &folder).unwrap();
    let report = crate::report::load(folder.path()).unwrap().report;
    let attempts = report.scenarios.iter().flat_map(|entry| &entry.attempts);
    let paths = attempts.flat_map(|attempt| attempt.artefacts.paths());
    let files = paths.inspect(|path| assert!(folder.path().join(path).is_file(), "{path}"));
    // Five of each attempt, and both sides of the snapshot that differs.
    assert_eq!(files.count(), 5 * 5 + 2);
    let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
    assert!(
        page.contains("<code>T05_x.at</code>"),
        "no snapshot in the page"
    );
    let summary = fs::read_to_string(folder.path().join("summary.md")).unwrap();
    for line in [
        "# 1 passed, 1 flaky, 1 failed, 1 infra, 1 skipped in 2.1 s",
        "| T03 broken_bench | native | infra | port in use |",
    ] {
        assert!(summary.lines().any(|found| found == line), "{summary}");
    }
    let first = folder
        .path()
        .join("native/T02-flaky_one/attempt-1/transcript.txt");
    assert_eq!(fs::read_to_string(first).unwrap(), "12.480 > AT+SOCKA?\n");
}
