//! Reports that cannot be read are named, with the reason and the remedy.

use std::fs;

use harness::report;

/// What loading a file of this content says, with the folder left out.
fn refused(content: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("report.json"), content).unwrap();
    let error = report::load(folder.path()).unwrap_err().to_string();
    error.replace(folder.path().to_str().unwrap(), "base")
}

#[test]
fn what_is_no_report_is_told_with_the_remedy() {
    let cut = r#"{ "schema": "hil-report",
  "version": 2, "tool": { "name": "#;
    let lacking = r#"{ "schema": "hil-report", "version": 2,
  "tool": { "name": "hil" } }"#;
    insta::assert_snapshot!(
        [
            "",
            cut,
            lacking,
            "[]",
            "{}",
            r#"{ "schema": "coverage", "version": 2 }"#,
            r#"{ "schema": "hil-report", "version": 3 }"#,
            r#"{ "schema": "hil-report" }"#,
        ]
        .map(refused)
        .join("\n")
    );
}

#[test]
fn what_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    let missing = report::load(&absent).unwrap_err().to_string();
    assert!(missing.starts_with("there is no report at `"), "{missing}");
    let bare = report::load(folder.path()).unwrap_err().to_string();
    assert!(
        bare.contains("holds no report.json: give a folder"),
        "{bare}"
    );
}

#[test]
fn a_run_of_nothing_is_no_baseline() {
    let good = report::load(&crate::fixture("v1/statuses")).unwrap();
    let mut empty = good.report;
    empty.scenarios.clear();
    let error = refused(&empty.to_json().unwrap());
    assert!(
        error.contains("`base/report.json` holds no scenario"),
        "{error}"
    );
}

/// A report from elsewhere must not make us read what is outside of it.
#[test]
fn an_artefact_stays_within_its_folder() {
    let loaded = report::load(&crate::fixture("v1/statuses")).unwrap();
    for path in ["../run/report.json", "/etc/passwd", "native/../../x"] {
        let error = loaded.artefact(path).unwrap_err().to_string();
        assert!(error.contains("leads out of the report folder"), "{error}");
    }
}
