//! What decides whether a run is green: each reason planted once.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::{hil, stderr, stdout};

/// Nothing gets through to the broker: `T01` fails.
const NO_NETWORK: [&str; 2] = ["--fault", "net:dns"];

fn run<A: AsRef<OsStr>>(arguments: &[A]) -> Output {
    hil()
        .args(["run", "--board", "native"])
        .args(arguments)
        .env("INSTA_UPDATE", "no")
        .output()
        .unwrap()
}

/// Runs S02 and T01, which pass, into a report.
fn baseline(root: &TempDir) -> PathBuf {
    let folder = root.path().join("base");
    let output = hil()
        .args(["run", "--board", "native", "S02", "T01", "--report"])
        .arg(&folder)
        .env("INSTA_UPDATE", "no")
        .env("HIL_COMMIT", "aaaa")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    folder
}

fn quarantine(root: &TempDir, text: &str) -> String {
    let path = root.path().join("quarantine.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn entry(scenario: &str, expires: &str) -> String {
    format!(
        "[[quarantine]]\nscenario = '{scenario}'\nreason = 'no names in the lab'\n\
         owner = 'bench'\nissue = 'https://example.org/17'\nexpires = {expires}\n"
    )
}

#[test]
fn quarantine_runs_and_does_not_gate() {
    let root = tempfile::tempdir().unwrap();
    let file = quarantine(&root, &entry("T01::factory_fresh", "2999-12-31"));
    let report = root.path().join("report");
    let report_name = report.to_str().unwrap();
    let arguments = ["S02", "T01", "--quarantine", &file, "--report", report_name];
    let failing = run(&[&arguments[..], &NO_NETWORK].concat());
    let text = stdout(&failing);
    assert_eq!(failing.status.code(), Some(0), "{text}");
    assert!(
        text.contains("QUARANTINED T01 factory_fresh [native]"),
        "{text}"
    );
    assert!(
        text.contains("in quarantine until 2999-12-31 (owner: bench)"),
        "{text}"
    );
    assert!(
        text.contains("0 failed, 0 infra, 1 quarantined, 0 skipped"),
        "{text}"
    );
    let json = read(&report);
    assert_eq!(json["scenarios"][0]["status"], "quarantined");
    assert_eq!(
        json["scenarios"][0]["quarantine"]["issue"],
        "https://example.org/17"
    );
    let junit = fs::read_to_string(report.join("junit.xml")).unwrap();
    assert!(
        junit.contains("quarantined until 2999-12-31 (no names in the lab; owner: bench)"),
        "{junit}"
    );
    // One that passes is told, so that the entry goes.
    let passing = run(&arguments);
    assert_eq!(passing.status.code(), Some(0));
    let note = stderr(&passing);
    assert!(
        note.contains("native::T01::factory_fresh passes: lift its quarantine"),
        "{note}"
    );
}

#[test]
fn an_expired_quarantine_is_red() {
    let root = tempfile::tempdir().unwrap();
    let file = quarantine(&root, &entry("T01::factory_fresh", "2020-12-31"));
    let output = run(&["S02", "T01", "--quarantine", &file]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let words =
        format!("FAILED {file}:2: the quarantine of T01::factory_fresh expired on 2020-12-31");
    assert!(stderr(&output).contains(&words), "{}", stderr(&output));
    // It is nobody's business in a run without that scenario.
    let other = run(&["S02", "--quarantine", &file]);
    assert_eq!(other.status.code(), Some(0), "{}", stderr(&other));
}

#[test]
fn the_quarantine_file_is_beside_the_boards() {
    let root = tempfile::tempdir().unwrap();
    quarantine(&root, &entry("T01::factory_fresh", "2020-12-31"));
    let config = root.path().join("hil.toml");
    fs::write(&config, "").unwrap();
    let output = run(&["T01", "--config", config.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

#[test]
fn a_wrong_quarantine_file_runs_nothing() {
    let root = tempfile::tempdir().unwrap();
    let good = entry("T01::factory_fresh", "2999-12-31");
    let cases = [
        (
            good.replace("T01::", "T99::"),
            ":2:1: no scenario is named `T99::factory_fresh`; closest",
        ),
        (good.replace("owner", "ower"), "unknown field `ower`"),
        (
            good.replace("2999-12-31", "2999-12-32"),
            "invalid date-time; value is out of range",
        ),
        (good.repeat(2), "has an entry already, at line 2"),
    ];
    for (text, words) in cases {
        let file = quarantine(&root, &text);
        let output = run(&["T01", "--quarantine", &file]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            stderr(&output).contains(words),
            "{words}: {}",
            stderr(&output)
        );
        assert_eq!(stdout(&output), "");
    }
    let absent = run(&["T01", "--quarantine", "/absent/quarantine.toml"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(stderr(&absent).contains("cannot read /absent/quarantine.toml"));
}

#[test]
fn a_scenario_that_vanished_is_red() {
    let root = tempfile::tempdir().unwrap();
    let base = baseline(&root);
    let base = base.to_str().unwrap();
    assert_eq!(
        run(&["S02", "T01", "--baseline", base]).status.code(),
        Some(0)
    );
    // What was not asked for is not missed.
    assert_eq!(run(&["S02", "--baseline", base]).status.code(), Some(0));
    let text = fs::read_to_string(Path::new(base).join("report.json")).unwrap();
    let old = root.path().join("old.json");
    fs::write(&old, text.replace("factory_fresh", "old_story")).unwrap();
    let old = old.to_str().unwrap();
    let report = root.path().join("report");
    let report_name = report.to_str().unwrap();
    let gone = run(&["S02", "T01", "--baseline", old, "--report", report_name]);
    assert_eq!(gone.status.code(), Some(1), "{}", stdout(&gone));
    let words = "FAILED vanished: native::T01::old_story: there is no such scenario any more";
    assert!(stderr(&gone).contains(words), "{}", stderr(&gone));
    assert_eq!(
        read(&report)["vanished"][0]["path"],
        "native::T01::old_story"
    );
    let summary = fs::read_to_string(report.join("summary.md")).unwrap();
    assert!(
        summary.contains("vanished: native::T01::old_story"),
        "{summary}"
    );
    // A baseline of other boards says nothing, and that is told.
    let other = root.path().join("other.json");
    fs::write(&other, text.replace("\"native\"", "\"desk\"")).unwrap();
    let other = run(&["S02", "--baseline", other.to_str().unwrap()]);
    assert_eq!(other.status.code(), Some(0));
    assert!(
        stderr(&other).contains("but on desk: nothing was compared"),
        "{}",
        stderr(&other)
    );
    // Only what concerns it.
    assert_eq!(run(&["S02", "--baseline", old]).status.code(), Some(0));
    let removed = "[[removed]]\nscenario = 'T01::old_story'\nreason = 'told twice'\nowner = 'me'\n";
    let file = quarantine(&root, removed);
    let on_purpose = run(&["S02", "T01", "--baseline", old, "--quarantine", &file]);
    assert_eq!(on_purpose.status.code(), Some(0), "{}", stderr(&on_purpose));
}

#[test]
fn a_baseline_that_cannot_be_read_runs_nothing() {
    let root = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(root.path().join(name), text).unwrap();
        name.to_owned()
    };
    let cases = [
        ("absent".to_owned(), "there is no report at `"),
        (String::new(), "holds no report.json: give a folder that"),
        (
            file("cut.json", "{ \"schema\": \"hil-rep"),
            "is damaged: EOF while parsing a string",
        ),
        (
            file("foreign.json", "{ \"schema\": \"coverage\" }"),
            "`schema` is \"coverage\", expected",
        ),
        (
            file(
                "later.json",
                "{ \"schema\": \"hil-report\", \"version\": 3 }",
            ),
            "`version` is 3, this program knows 1 to 2: use the hil that wrote it",
        ),
    ];
    for (name, words) in cases {
        let path = root.path().join(name);
        let output = run(&["S02", "--baseline", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{}", path.display());
        assert!(
            stderr(&output).contains(words),
            "{words}: {}",
            stderr(&output)
        );
        assert_eq!(stdout(&output), "", "something ran");
    }
}

#[test]
fn a_failure_knows_since_when() {
    let root = tempfile::tempdir().unwrap();
    let first = root.path().join("first");
    let report = |commit: &str, base: &Path, to: &Path| {
        let output = hil()
            .args(["run", "T01", "--board", "native"])
            .args(NO_NETWORK)
            .arg("--baseline")
            .arg(base)
            .arg("--report")
            .arg(to)
            .env("INSTA_UPDATE", "no")
            .env("HIL_COMMIT", commit)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        read(to)["scenarios"][0].clone()
    };
    let broken = report("bbbb", &baseline(&root), &first);
    assert_eq!(broken["since"]["commit"], "bbbb");
    let still = report("cccc", &first, &root.path().join("second"));
    assert_eq!(still["since"]["commit"], "bbbb");
    assert_eq!(
        still["replay"],
        "cargo hil run --exact T01::factory_fresh --board native --seed 1 --fault net:dns"
    );
}

/// The snapshots appear after the first attempt.
#[test]
fn a_flaky_scenario_is_red_with_strict() {
    for (strict, code) in [(false, 0), (true, 1)] {
        let root = tempfile::tempdir().unwrap();
        let later = root.path().join("later");
        fs::create_dir(&later).unwrap();
        let accepted = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
        for file in fs::read_dir(accepted).unwrap().map(Result::unwrap) {
            if file.file_name().to_string_lossy().starts_with("S02_") {
                fs::copy(file.path(), later.join(file.file_name())).unwrap();
            }
        }
        let report = root.path().join("report");
        let mut command = hil();
        command
            .args([
                "run",
                "S02",
                "--board",
                "native",
                "--retries",
                "1000",
                "--json",
            ])
            .arg("--report")
            .arg(&report)
            .env("INSTA_UPDATE", "no")
            .env("HIL_SNAPSHOTS", root.path().join("snapshots"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if strict {
            command.arg("--strict");
        }
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut judged = Value::Null;
        let mut repaired = false;
        for line in lines {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if event["event"] == "attempt_failed" && !repaired {
                fs::rename(&later, root.path().join("snapshots")).unwrap();
                repaired = true;
            }
            judged = event;
        }
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(judged["exit_code"], code);
        let json = read(&report);
        let scenario = &json["scenarios"][0];
        assert_eq!(scenario["status"], "flaky", "{scenario}");
        // All attempts are kept, with their files.
        let attempts = scenario["attempts"].as_array().unwrap();
        assert!(attempts.len() > 1);
        for attempt in attempts {
            let path = attempt["artefacts"]["transcript"].as_str().unwrap();
            assert!(report.join(path).is_file(), "{path}");
        }
    }
}

#[test]
fn parts_are_disjoint_and_merge_into_one() {
    let list = |arguments: &[&str]| -> Vec<String> {
        let output = run(&[&["--list"], arguments].concat());
        let text = stdout(&output);
        text.lines()
            .filter_map(|line| line.split(' ').next().map(ToOwned::to_owned))
            .collect()
    };
    let mut all = list(&[]);
    all.sort();
    for kind in ["", "slice:", "hash:"] {
        let mut parts: Vec<String> = (1..=3)
            .flat_map(|part| list(&["--partition", &format!("{kind}{part}/3")]))
            .collect();
        parts.sort();
        assert_eq!(parts, all, "{kind}");
    }
    let root = tempfile::tempdir().unwrap();
    let folder = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let part = |number: u32| {
        let partition = format!("{number}/2");
        let output = run(&[
            "S02",
            "S03",
            "T01",
            "--partition",
            &partition,
            "--report",
            &folder(&number.to_string()),
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    };
    part(1);
    part(2);
    let merge = |parts: &[&str]| {
        hil()
            .args(["report", "merge", &folder("all")])
            .args(parts.iter().map(|part| folder(part)))
            .output()
            .unwrap()
    };
    let merged = merge(&["1", "2"]);
    assert_eq!(merged.status.code(), Some(0), "{}", stderr(&merged));
    let report = read(&root.path().join("all"));
    assert_eq!(report["summary"]["passed"], 3);
    assert_eq!(report["partition"], Value::Null);
    for scenario in report["scenarios"].as_array().unwrap() {
        let path = scenario["attempts"][0]["artefacts"]["transcript"]
            .as_str()
            .unwrap();
        assert!(root.path().join("all").join(path).is_file(), "{path}");
    }
    for (parts, words) in [
        (
            &["1", "2", "1"][..],
            "parts of one run have no scenario in common",
        ),
        (&["1"], "part 2 of 2 is missing"),
        (&["1", "absent"], "there is no report at"),
    ] {
        let refused = merge(parts);
        assert_eq!(refused.status.code(), Some(2), "{parts:?}");
        assert!(stderr(&refused).contains(words), "{}", stderr(&refused));
    }
}

#[test]
fn a_full_disk_leaves_the_old_report() {
    let root = tempfile::tempdir().unwrap();
    let base = baseline(&root);
    let before = fs::read(base.join("report.json")).unwrap();
    // No file may grow beyond a block; the signal that comes with it is ignored, as when a disk is
    // full.
    let limited = |arguments: &[&str]| {
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
            .arg(env!("CARGO_BIN_EXE_hil"))
            .args(["run", "--board", "native", "--report"])
            .arg(&base)
            .args(arguments)
            .env("INSTA_UPDATE", "no")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let green = limited(&["S02"]);
    assert_eq!(green.status.code(), Some(3), "{}", stderr(&green));
    assert!(
        stdout(&green).contains("PASS S02 settings_missing"),
        "{}",
        stdout(&green)
    );
    assert!(
        stderr(&green).contains("error: cannot write the report: write `"),
        "{}",
        stderr(&green)
    );
    // What is known to be wrong is worth more than the report of it.
    let red = limited(&["T01", "--fault", "net:dns"]);
    assert_eq!(red.status.code(), Some(1), "{}", stderr(&red));
    assert_eq!(fs::read(base.join("report.json")).unwrap(), before);
    assert_eq!(
        fs::read_dir(root.path()).unwrap().count(),
        1,
        "something is left beside it"
    );
}

fn read(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap()
}
