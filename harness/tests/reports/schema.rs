//! The published schema is that of the program, and reports keep to it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::report;
use serde_json::Value;

use crate::validate;

const COMMAND: &str = "cargo hil report schema > harness/schemas/report-2.json";

fn published() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/report-2.json");
    fs::read_to_string(path).unwrap_or_default()
}

/// What the schema has against `report`.
fn complaint(report: &Value) -> Option<String> {
    let schema: Value = serde_json::from_str(&published()).unwrap();
    validate::complaint(&schema, report)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_published_schema_is_current() {
    assert!(
        published() == report::schema().unwrap(),
        "harness/schemas/report-2.json is out of date: run `{COMMAND}` in the project's folder"
    );
}

#[test]
fn the_report_of_a_run_keeps_to_the_schema() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("report");
    let output = Command::new(env!("CARGO_BIN_EXE_hil"))
        .args(["run", "S02", "R03", "--board", "native", "--report"])
        .arg(&folder)
        .env("INSTA_UPDATE", "no")
        .env("HIL_COMMIT", "0123abcd-dirty")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = read(&folder.join("report.json"));
    assert_eq!(complaint(&report), None);
    assert_eq!(report["commit"]["id"], "0123abcd");
    assert_eq!(report["commit"]["dirty"], true);
    // What was read back is what was written.
    let loaded = report::load(&folder).unwrap();
    assert_eq!(serde_json::to_value(&loaded.report).unwrap(), report);
    let transcript = &loaded.report.scenarios[1].attempts[0].artefacts.transcript;
    assert!(loaded.artefact(transcript).unwrap().contains("AT+"));
}

/// The schema is no empty promise.
#[test]
fn the_schema_refuses_what_is_wrong() {
    let loaded = report::load(&crate::fixture("v1/statuses")).unwrap();
    let good = serde_json::to_value(loaded.report).unwrap();
    assert_eq!(complaint(&good), None);
    for (pointer, value) in [
        ("/scenarios/0/status", Value::from("fine")),
        ("/scenarios/0/attempts/0/verdict", Value::from("flaky")),
        ("/scenarios/0/board", Value::Null),
        ("/summary/failed", Value::from(-1)),
        ("/seed", Value::from(1)),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let complaint = complaint(&bad).unwrap_or_default();
        assert!(complaint.contains(pointer), "{pointer}: {complaint}");
    }
    let mut bad = good;
    bad.as_object_mut().unwrap().remove("scenarios");
    assert!(complaint(&bad).is_some());
}
