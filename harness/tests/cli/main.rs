//! The `hil` command from outside: words, exit codes, and what it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod boards;
mod desk;
mod terminal;
mod verdicts;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

fn hil() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
    command
        .stdin(Stdio::null())
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100");
    command
}

fn output<A: AsRef<OsStr>>(arguments: &[A]) -> Output {
    hil().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn help_of_every_command() {
    let commands = [
        "",
        "run",
        "report",
        "report diff",
        "report merge",
        "report schema",
        "soak",
        "build",
        "test-target",
        "modem",
        "doctor",
        "boards",
        "flash",
        "provision",
        "monitor",
        "board serve",
        "emulate",
    ];
    for command in commands {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let output = output(&arguments);
        assert_eq!(output.status.code(), Some(0));
        let name = if command.is_empty() { "hil" } else { command };
        let name = name.replace(' ', "_");
        insta::assert_snapshot!(format!("help_{name}"), stdout(&output));
    }
}

#[test]
fn lists_scenarios_and_boards() {
    let list = output(&["run", "--list"]);
    assert_eq!(list.status.code(), Some(0));
    let text = stdout(&list);
    let scenarios = harness::scenarios::all();
    assert_eq!(text.lines().count(), scenarios.len());
    for (line, scenario) in text.lines().zip(scenarios) {
        let path = format!("virtual::{}::{} ", scenario.id, scenario.name);
        assert!(
            line.starts_with(&path) && line.ends_with(scenario.title),
            "{line}"
        );
    }
    let boards = stdout(&output(&["boards"]));
    assert!(boards.starts_with("virtual "), "{boards}");
}

#[test]
fn filters_the_list() {
    let list = stdout(&output(&["run", "--list", "echo_on", "factory_fresh"]));
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        names,
        ["virtual::T01::factory_fresh", "virtual::T11::echo_on"]
    );
}

#[test]
fn wrong_usage_is_explained_and_ends_with_2() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let file = file.path().to_str().unwrap();
    let inside = format!("{file}/report");
    let cases: [(&[&str], &str); 10] = [
        (&[], "Usage: cargo hil"),
        (&["fly"], "unrecognized subcommand 'fly'"),
        (
            &["run", "wrong_anp"],
            "no scenario matches `wrong_anp`; closest: T05 wrong_apn",
        ),
        (&["run", "T01", "T99"], "no scenario matches `T99`"),
        (
            &["run", "--board", "desk"],
            "unknown board `desk`; known boards: virtual, native",
        ),
        (&["run", "--jobs", "0"], "invalid value '0'"),
        (&["run", "--seed", "-1"], "'-1'"),
        (&["run", "--report", file], "not a folder"),
        (&["run", "--report", &inside], "cannot read it"),
        (
            &["run", "--report", "/proc/hil/report"],
            "cannot make the folder above",
        ),
    ];
    for (arguments, words) in cases {
        let output = output(arguments);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(words), "{arguments:?}: {text}");
        assert_eq!(stdout(&output), "", "{arguments:?} ran something");
    }
}

#[test]
fn arguments_that_are_not_text_are_refused() {
    let broken = OsStr::from_bytes(b"\xff\xfe");
    for arguments in [
        vec![broken],
        vec![OsStr::new("run"), broken],
        vec![OsStr::new("run"), OsStr::new("--seed"), broken],
        vec![OsStr::new("modem"), OsStr::new("--profile"), broken],
    ] {
        let output = output(&arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert!(!stderr(&output).contains("panicked"));
    }
}

#[test]
fn a_folder_that_is_not_a_report_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let output = output(&[
        OsStr::new("run"),
        OsStr::new("--report"),
        folder.path().as_os_str(),
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("holds something other than a report"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn writes_a_report_and_replaces_it() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("report");
    for filter in ["factory_fresh", "settings_missing"] {
        let output = hil()
            .args(["run", filter, "--board", "native", "--report"])
            .arg(&folder)
            .env("TMPDIR", root.path())
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}{}",
            stdout(&output),
            stderr(&output)
        );
        let report: Value =
            serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap();
        assert_eq!(report["schema"], "hil-report");
        assert_eq!(report["version"], 2);
        assert_eq!(report["seed"], "1");
        assert_eq!(report["summary"]["passed"], 1);
        let scenario = &report["scenarios"][0];
        assert_eq!(scenario["name"], filter);
        let artefacts = scenario["attempts"][0]["artefacts"].as_object().unwrap();
        // Lists are of what differs, which is nothing here.
        for path in artefacts.values().filter(|value| !value.is_array()) {
            assert!(folder.join(path.as_str().unwrap()).is_file(), "{path}");
        }
        assert!(folder.join("index.html").is_file());
        let junit = fs::read_to_string(folder.join("junit.xml")).unwrap();
        assert!(junit.contains(&format!("::{filter}")), "{junit}");
    }
    // The second report stands alone, and nothing lies beside it.
    assert_eq!(fs::read_dir(folder.join("native")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

/// A machine without a toolchain cannot build the image: never quietly, and never in CI.
#[test]
fn without_the_image_the_native_board_stands_in_loudly() {
    let nothing = tempfile::tempdir().unwrap();
    let run = |ci: Option<&str>, board: &[&str]| {
        let mut command = hil();
        command
            .args(["run", "settings_missing"])
            .args(board)
            .env("PATH", nothing.path())
            .env("INSTA_UPDATE", "no")
            .env_remove("CI")
            .env_remove("CARGO")
            .env_remove("RUSTC");
        if let Some(ci) = ci {
            command.env("CI", ci);
        }
        command.output().unwrap()
    };
    let by_default = run(None, &[]);
    assert_eq!(by_default.status.code(), Some(0), "{}", stderr(&by_default));
    assert!(stdout(&by_default).contains("PASS S02 settings_missing [native]"));
    let notice = stderr(&by_default);
    assert!(
        notice.contains("NOTICE: the firmware's image cannot be built on this machine"),
        "{notice}"
    );
    assert!(notice.contains("running on `native`"), "{notice}");
    // Asked for by name, or in CI: an error of the machine.
    for output in [run(Some("true"), &[]), run(None, &["--board", "virtual"])] {
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
        assert!(
            stderr(&output).starts_with("error: "),
            "{}",
            stderr(&output)
        );
    }
}

/// Starts a run of everything, whose processes all carry `mark`, and waits until it runs.
fn start_run(mark: &str, temporary: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = hil()
        .args(["run", "--board", "native", "--jobs", "2"])
        .env("HIL_TEST_MARK", mark)
        .env("TMPDIR", temporary)
        .env("INSTA_UPDATE", "no")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.starts_with("running "), "{first}");
    (child, lines)
}

/// Processes that carry `mark` in their environment.
fn marked(mark: &str) -> Vec<String> {
    let needle = format!("HIL_TEST_MARK={mark}");
    let has_mark = |path: &Path| {
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == needle.as_bytes())
    };
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes
        .map(|entry| entry.path())
        .filter(|path| has_mark(path))
        .map(|path| path.display().to_string())
        .collect()
}

/// Waits until no process carries `mark`; children of a killed parent need a moment to notice.
fn assert_none_left(mark: &str) {
    for _ in 0..1000 {
        if marked(mark).is_empty() {
            return;
        }
        thread::park_timeout(Duration::from_millis(10));
    }
    panic!("still there: {:?}", marked(mark));
}

#[test]
fn ctrl_c_stops_a_run_and_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let mark = format!("ctrl-c-{}", std::process::id());
    // A run may be over before the signal comes; that one says nothing of Ctrl-C.
    for _ in 0..50 {
        let (mut child, mut lines) = start_run(&mark, temporary.path());
        let _ = kill(
            Pid::from_raw(i32::try_from(child.id()).unwrap()),
            Signal::SIGINT,
        );
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();
        let code = child.wait().unwrap().code();
        assert_none_left(&mark);
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
        if rest.contains("interrupted: ") {
            assert_eq!(code, Some(130), "{rest}");
            return;
        }
    }
    panic!("no run was interrupted");
}

#[test]
fn a_killed_run_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let mark = format!("kill-{}", std::process::id());
    let (mut child, _lines) = start_run(&mark, temporary.path());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_none_left(&mark);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

/// Killed at the very moment at which a report is being written.
#[test]
fn a_killed_report_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let mark = format!("kill-report-{}", std::process::id());
    let staging = || {
        fs::read_dir(root.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .find(|name| name.starts_with(".hil-report-"))
    };
    // Writing takes milliseconds: a run may be over before it is seen to write.
    for attempt in 0..50 {
        let mut child = hil()
            .args(["run", "--board", "native", "--quiet", "--report"])
            .arg(root.path().join(format!("report-{attempt}")))
            .env("HIL_TEST_MARK", &mark)
            .env("INSTA_UPDATE", "no")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut seen = None;
        while seen.is_none() && child.try_wait().unwrap().is_none() {
            seen = staging();
        }
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        let was_written = root.path().join(format!("report-{attempt}")).exists();
        assert_none_left(&mark);
        assert_eq!(staging(), None);
        if seen.is_some() && ended.code().is_none() && !was_written {
            return;
        }
    }
    panic!("no run was killed while it wrote its report");
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let cases: [(&[&str], i32); 5] = [
        (&["run", "--list"], 0),
        (&["run", "S02", "--board", "native", "--quiet"], 0),
        (&["boards"], 0),
        (&["--help"], 0),
        (&["run", "--board", "desk"], 2),
    ];
    for (arguments, code) in cases {
        let mut child = hil()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Closed before anything is written; a panic would end with 101.
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}
